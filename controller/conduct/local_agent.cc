#include "controller/conduct/local_agent.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace parallax::conduct {
namespace {

constexpr char kAgent[] = "parallax-agent";

bool Runs(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

absl::StatusOr<std::string> FindLocalAgent() {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  const std::filesystem::path beside = failed ? std::filesystem::path(kAgent) : self.parent_path() / kAgent;
  if (Runs(beside)) return beside.string();
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (folder.starts_with('/') && Runs(std::filesystem::path(folder) / kAgent)) {
      return (std::filesystem::path(folder) / kAgent).string();
    }
  }
  return absl::NotFoundError(
      absl::StrCat("there is no agent for the vantage 'local': neither ", beside.string(),
                   " nor a parallax-agent in PATH can be run. Build it (cmake --build ... --target parallax-agent) or "
                   "copy it beside parallax, or name another vantage than local, the default of --outside and of "
                   "probe's --from: 'exec:COMMAND' or ssh:HOST"));
}

std::string NewRunId() {
  std::array<char, 6> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  return std::string(absl::BytesToHexString(std::string(bytes.data(), bytes.size())));
}

}  // namespace parallax::conduct
