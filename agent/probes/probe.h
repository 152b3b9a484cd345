// What a probe is: a value in one constexpr table (registry.h), not a class hierarchy. Stateless.
//
// `run` appends a step for everything that happened. What the network did is data, and `run` returns OK; a non-OK
// status means that the question could not be asked. It returns by `deadline_ns` (plus scheduling) and soon after
// cancellation, and may be called from many threads at once.
#ifndef PARALLAX_AGENT_PROBES_PROBE_H_
#define PARALLAX_AGENT_PROBES_PROBE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "agent/net/cancel.h"
#include "agent/net/clock.h"
#include "agent/policy/policy.h"
#include "agent/policy/secrets.h"
#include "agent/probes/recorder.h"
#include "parallax/v1/probe.pb.h"
#include "parallax/v1/session.pb.h"

namespace parallax::probes {

// Everything a probe may use besides its spec. Borrowed; outlives the run.
struct Context {
  const net::Clock& clock;
  const net::CancelToken& cancel;
  const policy::Policy& policy;
  const policy::Secrets& secrets;
  const std::vector<v1::ConnectTo>& connect_to;
  int64_t deadline_ns;      // monotonic, of the whole probe
  int64_t step_timeout_ns;  // of each step; > 0

  // The monotonic deadline of a step that starts now.
  int64_t StepDeadline() const;
  // What is left of the probe, for who resolves a secret.
  policy::Patience Patience() const;
};

struct Probe {
  v1::ProbeSpec::SpecCase kind;
  std::string_view name;  // the oneof field's name: "tcp"
  // InvalidArgument, naming the field, when the spec cannot be run. No I/O.
  absl::Status (*validate)(const v1::ProbeSpec& spec);
  absl::Status (*run)(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder);
};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_PROBE_H_
