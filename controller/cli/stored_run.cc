#include "controller/cli/stored_run.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace parallax::cli {

absl::StatusOr<StoredRun> FetchRun(const std::string& store_url, const std::string& id) {
  // Not repeated: a URL may hold a password.
  if (id.find("://") != std::string::npos) {
    return absl::InvalidArgumentError(
        "RUN is a URL, and must be a run's id, the beginning of one, or 'last' (parallax history lists them)");
  }
  auto store = store::OpenStore(store_url);
  if (!store.ok()) return store.status();
  auto run = (*store)->Get(id);
  if (!run.ok()) return run.status();
  return StoredRun{*std::move(store), *std::move(run)};
}

}  // namespace parallax::cli
