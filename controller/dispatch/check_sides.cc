#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/dispatch/tls_files.h"
#include "controller/dispatch/vantage.h"

namespace parallax::dispatch {

absl::Status CheckSides(const std::vector<SideConfig>& sides, const Reach& reach) {
  if (absl::Status status = CheckTlsFiles(reach.tls); !status.ok()) return status;
  for (const SideConfig& side : sides) {
    const auto vantage = ParseVantage(side.vantage, reach.local_agent);
    if (vantage.ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("side ", contract::Printable(side.name, 80), ": ", std::string(vantage.status().message())));
  }
  return absl::OkStatus();
}

}  // namespace parallax::dispatch
