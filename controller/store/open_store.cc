#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "controller/store/run_store.h"

namespace parallax::store {
namespace {

constexpr size_t kMaxPathBytes = 4096;  // PATH_MAX

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// XDG Base Directory Specification 0.8: a relative $XDG_STATE_HOME is to be ignored.
absl::StatusOr<std::string> DefaultPath() {
  const std::string state = Environment("XDG_STATE_HOME");
  if (state.starts_with('/')) return absl::StrCat(state, "/parallax/runs.db");
  const std::string home = Environment("HOME");
  if (home.starts_with('/')) return absl::StrCat(home, "/.local/state/parallax/runs.db");
  return absl::InvalidArgumentError(
      "there is no place for the store of runs: neither XDG_STATE_HOME nor HOME is set; name a file by --store PATH, "
      "or "
      "give --no-store");
}

}  // namespace

absl::StatusOr<std::string> StorePath(std::string_view url) {
  if (url.empty()) return DefaultPath();
  // Never the URL itself: a database's may hold a password.
  if (url.starts_with("postgresql:") || url.starts_with("postgres:")) {
    return absl::InvalidArgumentError(
        "--store: a store in PostgreSQL comes with a later release, this one keeps runs in a file: --store PATH");
  }
  std::string_view path = url;
  if (path.starts_with("sqlite:")) path.remove_prefix(7);
  if (path.empty()) return absl::InvalidArgumentError("--store: 'sqlite:' names no file; write --store sqlite:PATH");
  if (path.find("://") != std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--store: '", contract::Printable(path.substr(0, path.find("://")), 40),
                     "://' is no kind of store; write --store PATH or --store sqlite:PATH"));
  }
  if (path.size() > kMaxPathBytes || path.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--store: the path is of ", path.size(), " bytes, at most ", kMaxPathBytes, " are possible"));
  }
  return std::string(path);
}

absl::StatusOr<std::unique_ptr<RunStore>> OpenStore(std::string_view url, int busy_ms) {
  const auto path = StorePath(url);
  if (!path.ok()) return path.status();
  return OpenSqliteStore(*path, busy_ms);
}

}  // namespace parallax::store
