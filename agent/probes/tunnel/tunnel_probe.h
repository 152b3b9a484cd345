// The tunnel probe. See probe.h for the promise of `run`.
#ifndef PARALLAX_AGENT_PROBES_TUNNEL_TUNNEL_PROBE_H_
#define PARALLAX_AGENT_PROBES_TUNNEL_TUNNEL_PROBE_H_

#include "agent/probes/probe.h"

namespace parallax::probes {

absl::Status ValidateTunnel(const v1::ProbeSpec& spec);
absl::Status RunTunnel(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder);

inline constexpr Probe kTunnelProbe = {v1::ProbeSpec::kTunnel, "tunnel", &ValidateTunnel, &RunTunnel};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_TUNNEL_TUNNEL_PROBE_H_
