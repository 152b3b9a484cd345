#include "agent/probes/postgres/postgres_probe.h"

namespace parallax::probes {

absl::Status ValidatePostgres(const v1::ProbeSpec&) { return absl::OkStatus(); }

absl::Status RunPostgres(const v1::ProbeSpec&, const Context&, Recorder&) {
  return absl::UnimplementedError("the postgres probe is not there yet");
}

}  // namespace parallax::probes
