#include "agent/probes/tunnel/tunnel_probe.h"

namespace parallax::probes {

absl::Status ValidateTunnel(const v1::ProbeSpec&) { return absl::OkStatus(); }

absl::Status RunTunnel(const v1::ProbeSpec&, const Context&, Recorder&) {
  return absl::UnimplementedError("the tunnel probe is not there yet");
}

}  // namespace parallax::probes
