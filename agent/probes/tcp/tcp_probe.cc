#include "agent/probes/tcp/tcp_probe.h"

namespace parallax::probes {

absl::Status ValidateTcp(const v1::ProbeSpec&) { return absl::OkStatus(); }

absl::Status RunTcp(const v1::ProbeSpec&, const Context&, Recorder&) {
  return absl::UnimplementedError("the tcp probe is not there yet");
}

}  // namespace parallax::probes
