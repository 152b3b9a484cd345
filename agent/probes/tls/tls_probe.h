// The tls probe. See probe.h for the promise of `run`.
#ifndef PARALLAX_AGENT_PROBES_TLS_TLS_PROBE_H_
#define PARALLAX_AGENT_PROBES_TLS_TLS_PROBE_H_

#include "agent/probes/probe.h"

namespace parallax::probes {

absl::Status ValidateTls(const v1::ProbeSpec& spec);
absl::Status RunTls(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder);

inline constexpr Probe kTlsProbe = {v1::ProbeSpec::kTls, "tls", &ValidateTls, &RunTls};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_TLS_TLS_PROBE_H_
