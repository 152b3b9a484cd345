// The http probe, run by libcurl in the client process. See probe.h for the promise of `run`.
#ifndef PARALLAX_AGENT_PROBES_HTTP_HTTP_PROBE_H_
#define PARALLAX_AGENT_PROBES_HTTP_HTTP_PROBE_H_

#include "agent/probes/probe.h"

namespace parallax::probes {

absl::Status ValidateHttp(const v1::ProbeSpec& spec);
absl::Status RunHttp(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder);

inline constexpr Probe kHttpProbe = {v1::ProbeSpec::kHttp, "http", &ValidateHttp, &RunHttp};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_HTTP_HTTP_PROBE_H_
