// The tcp probe. See probe.h for the promise of `run`.
#ifndef PARALLAX_AGENT_PROBES_TCP_TCP_PROBE_H_
#define PARALLAX_AGENT_PROBES_TCP_TCP_PROBE_H_

#include "agent/probes/probe.h"

namespace parallax::probes {

absl::Status ValidateTcp(const v1::ProbeSpec& spec);
absl::Status RunTcp(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder);

inline constexpr Probe kTcpProbe = {v1::ProbeSpec::kTcp, "tcp", &ValidateTcp, &RunTcp};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_TCP_TCP_PROBE_H_
