#include "controller/cli/keeping.h"

#include "absl/strings/str_cat.h"
#include "controller/cli/say.h"

namespace parallax::cli {

absl::StatusOr<std::unique_ptr<conduct::Keeper>> OpenKeeper(const std::string& url, bool no_store) {
  if (no_store) return nullptr;
  auto keeper = conduct::Keeper::Open(url);
  if (keeper.ok() || !url.empty()) return keeper;
  Warn(absl::StrCat(std::string(keeper.status().message()), ". This run is not kept (--no-store says so on purpose)"));
  return nullptr;
}

}  // namespace parallax::cli
