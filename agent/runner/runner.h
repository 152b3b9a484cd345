// Runs a plan's probes: attempts, the stagger between sides, bounded parallelism, deadlines, cancellation.
#ifndef PARALLAX_AGENT_RUNNER_RUNNER_H_
#define PARALLAX_AGENT_RUNNER_RUNNER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "agent/net/cancel.h"
#include "agent/net/clock.h"
#include "agent/policy/policy.h"
#include "agent/policy/secrets.h"
#include "agent/probes/probe.h"
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
};

class Runner {
 public:
  // All borrowed; they outlive the runner. `probes` is AllProbes() but in tests.
  Runner(const net::Clock& clock, const policy::Policy& policy, std::span<const probes::Probe> probes,
         uint32_t max_parallelism = 8);

  // Blocks until every probe of every attempt has been observed, or `cancel`. `emit` is called once for each (probe,
  // attempt), from several threads but never at the same time; a probe that was not begun when cancelled is emitted with
  // outcome CANCELLED. Attempt n of all sides begins at the same start; side i waits
  // ((i + n) mod side_count) * stagger_ms, so that the sides go first in turn.
  // InvalidArgument when the plan is not within the limits of the contract; nothing was then run.
  absl::Status Run(const Job& job, const net::CancelToken& cancel, const std::function<void(v1::Observation)>& emit);

 private:
  const net::Clock& clock_;
  const policy::Policy& policy_;
  const std::span<const probes::Probe> probes_;
  const uint32_t max_parallelism_;
};

}  // namespace parallax::runner

#endif  // PARALLAX_AGENT_RUNNER_RUNNER_H_
