// The route probe. See probe.h for the promise of `run`.
#ifndef PARALLAX_AGENT_PROBES_ROUTE_ROUTE_PROBE_H_
#define PARALLAX_AGENT_PROBES_ROUTE_ROUTE_PROBE_H_

#include "agent/probes/probe.h"

namespace parallax::probes {

absl::Status ValidateRoute(const v1::ProbeSpec& spec);
absl::Status RunRoute(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder);

inline constexpr Probe kRouteProbe = {v1::ProbeSpec::kRoute, "route", &ValidateRoute, &RunRoute};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_ROUTE_ROUTE_PROBE_H_
