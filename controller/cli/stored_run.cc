#include "controller/cli/stored_run.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::cli {

absl::StatusOr<std::unique_ptr<store::RunStore>> OpenForReading(const std::string& store_url) {
  const std::string path = store_url.starts_with("sqlite:") ? store_url.substr(7) : store_url;
  std::error_code ignored;
  // What is no path is for OpenStore to refuse.
  if (!path.empty() && path.find("://") == std::string::npos && path.size() < 4096 &&
      !std::filesystem::exists(path, ignored)) {
    return absl::NotFoundError(absl::StrCat("--store: there is no store at ", contract::Printable(path, 200),
                                            "; name the file that `parallax compare --store` was given"));
  }
  return store::OpenStore(store_url);
}

absl::StatusOr<StoredRun> FetchRun(const std::string& store_url, const std::string& id) {
  // Not repeated: a URL may hold a password.
  if (id.find("://") != std::string::npos) {
    return absl::InvalidArgumentError(
        "RUN is a URL, and must be a run's id, the beginning of one, or 'last' (parallax history lists them)");
  }
  auto store = OpenForReading(store_url);
  if (!store.ok()) return store.status();
  auto run = (*store)->Get(id);
  if (!run.ok()) return run.status();
  return StoredRun{*std::move(store), *std::move(run)};
}

}  // namespace parallax::cli
