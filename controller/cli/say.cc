#include "controller/cli/say.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "contract/limits.h"
#include "controller/cli/exit_codes.h"

namespace parallax::cli {
namespace {

constexpr size_t kMaxBytes = 4096;

// Lines of our own making stay apart; what came from elsewhere was made printable where it came in, and is again here.
std::string Safe(std::string_view text) {
  std::string out;
  size_t at = 0;
  while (at <= text.size() && out.size() < kMaxBytes) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (at > 0) out += '\n';
    out += contract::Printable(text.substr(at, end - at), kMaxBytes);
    at = end + 1;
  }
  return out;
}

}  // namespace

void SetUpLog() {
  auto logger = spdlog::stderr_logger_mt("parallax");
  logger->set_pattern("parallax: %l: %v");
  spdlog::set_default_logger(std::move(logger));
}

int UsageError(std::string_view text) {
  spdlog::error("{}", Safe(text));
  return kExitUsage;
}

void Warn(std::string_view text) { spdlog::warn("{}", Safe(text)); }

}  // namespace parallax::cli
