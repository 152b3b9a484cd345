#include "agent/probes/route/route_probe.h"

namespace parallax::probes {

absl::Status ValidateRoute(const v1::ProbeSpec&) { return absl::OkStatus(); }

absl::Status RunRoute(const v1::ProbeSpec&, const Context&, Recorder&) {
  return absl::UnimplementedError("the route probe is not there yet");
}

}  // namespace parallax::probes
