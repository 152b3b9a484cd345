#include "agent/clients/server_error.h"

#include <algorithm>
#include <string>

#include "contract/limits.h"

namespace parallax::clients {
namespace {

constexpr std::string_view kAfterSeverity = ":  ";
constexpr std::string_view kAfterCode = ": ";
constexpr size_t kCodeBytes = 5;
constexpr size_t kMaxSeverityBytes = 32;
// What stands where a severity does in the lines that follow the error's own (libpq's pqBuildErrorMessage3); they may
// quote anything.
constexpr std::string_view kOtherFields[] = {"DETAIL", "HINT", "QUERY", "CONTEXT", "NAME", "LOCATION"};

bool IsSqlstate(std::string_view text) {
  return text.size() == kCodeBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

// "FATAL:  28P01: password authentication failed", after whatever libpq put before it.
bool TakeLine(std::string_view line, v1::ServerError* error) {
  for (size_t at = line.find(kAfterSeverity); at != std::string_view::npos; at = line.find(kAfterSeverity, at + 1)) {
    const std::string_view rest = line.substr(at + kAfterSeverity.size());
    const std::string_view code = rest.substr(0, kCodeBytes);
    if (!IsSqlstate(code) || rest.substr(kCodeBytes, kAfterCode.size()) != kAfterCode) continue;
    const size_t before = line.find_last_of(" \t", at);
    const std::string_view severity =
        before == std::string_view::npos ? line.substr(0, at) : line.substr(before + 1, at - before - 1);
    const auto* other = std::find(std::begin(kOtherFields), std::end(kOtherFields), severity);
    if (severity.empty() || other != std::end(kOtherFields)) return false;
    error->set_severity(contract::Printable(severity, kMaxSeverityBytes));
    error->set_code(std::string(code));
    error->set_message(contract::Printable(rest.substr(kCodeBytes + kAfterCode.size())));
    return true;
  }
  return false;
}

}  // namespace

bool FindServerError(std::string_view message, v1::ServerError* error) {
  // The last one counts: with sslmode=prefer there may be two attempts in one message.
  bool found = false;
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n'));
    found = TakeLine(line, error) || found;
    message.remove_prefix(std::min(message.size(), line.size() + 1));
  }
  return found;
}

}  // namespace parallax::clients
