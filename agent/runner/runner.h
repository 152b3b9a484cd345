// Runs a plan's probes: attempts, the stagger between sides, bounded parallelism, deadlines, cancellation.
//
// A Runner is immutable: Run may be called from several threads, each with its own job. The threads of a Run are joined
// before it returns.
#ifndef PARALLAX_AGENT_RUNNER_RUNNER_H_
#define PARALLAX_AGENT_RUNNER_RUNNER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/net/cancel.h"
#include "agent/net/clock.h"
#include "agent/policy/policy.h"
#include "agent/policy/secrets.h"
#include "agent/probes/probe.h"
#include "agent/runner/waiter.h"
#include "contract/limits.h"
#include "parallax/v1/observation.pb.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::runner {

struct Job {
  v1::Plan plan;
  uint32_t first_attempt = 1;
  uint32_t attempts = 0;         // 0: as the plan says
  int64_t start_at_unix_ns = 0;  // 0: now
  uint32_t side_index = 0;
  uint32_t side_count = 1;
  std::vector<v1::ConnectTo> connect_to;
  policy::Secrets secrets;
  // Which files a probe may name as root certificates. Empty and `any_root_cert` false: none, and the answer is the
  // same whatever is at the path, so that nobody learns which files exist.
  bool any_root_cert = true;
  std::vector<std::string> root_certs;
};

class Runner {
 public:
  // All borrowed; they outlive the runner. `probes` is AllProbes() but in tests. `max_parallelism` bounds what a plan
  // asks for; one that asks for nothing gets kDefaultParallelism.
  Runner(const net::Clock& clock, const policy::Policy& policy, std::span<const probes::Probe> probes,
         uint32_t max_parallelism = contract::kMaxParallelism, const Waiter& waiter = SystemWaiter());

  // Blocks until every probe of every attempt has been observed, or `cancel`. `emit` is called once for each (probe,
  // attempt), from several threads but never at the same time. Once cancelled it begins nothing: the probes of the
  // attempt at hand that it had not begun are emitted with outcome CANCELLED, and nothing of a later attempt, so that
  // what follows a cancellation is at most one observation a probe. Attempt n of all sides begins at the same start;
  // side i waits
  // ((i + n) mod side_count) * stagger_ms, so that the sides go first in turn. Probe k of an attempt starts k *
  // spacing_ms after it. A probe that this agent does not know, or whose spec is invalid, is observed as UNSUPPORTED
  // with `error`, for that probe alone. Any other non-OK status of a probe is its observation's `error`.
  // InvalidArgument when the plan or the job is not within the limits of the contract; ResourceExhausted when no thread
  // can be started; nothing was then run.
  absl::Status Run(const Job& job, const net::CancelToken& cancel,
                   const std::function<void(v1::Observation)>& emit) const;

 private:
  class Attempts;

  absl::Status Check(const Job& job) const;
  int64_t StartOf(const Job& job, uint32_t attempt, int64_t base_ns) const;
  v1::Observation Observe(const v1::ProbeSpec& spec, uint32_t attempt, const Job& job,
                          const net::CancelToken& cancel) const;
  absl::Status RunProbe(const v1::ProbeSpec& spec, const Job& job, const net::CancelToken& cancel,
                        v1::Observation* observation) const;
  const probes::Probe* Find(v1::ProbeSpec::SpecCase kind) const;

  const net::Clock& clock_;
  const policy::Policy& policy_;
  const std::span<const probes::Probe> probes_;
  const uint32_t max_parallelism_;
  const Waiter& waiter_;
};

}  // namespace parallax::runner

#endif  // PARALLAX_AGENT_RUNNER_RUNNER_H_
