#include "agent/session/caller_check.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/agent_token.h"
#include "contract/limits.h"

namespace parallax::session {

std::optional<uint64_t> RareLog::Next(Clock::time_point now) {
  const contract::MutexLock lock(mutex_);
  if (last_.has_value() && now - *last_ < interval_) {
    ++kept_back_;
    return std::nullopt;
  }
  last_ = now;
  return std::exchange(kept_back_, 0);
}

CallerCheck::CallerCheck(std::string token, std::function<void(const std::string&)> log)
    : token_(std::move(token)), log_(std::move(log)) {}

absl::Status CallerCheck::Admit(std::optional<std::string_view> shown, std::string_view peer) const {
  if (token_.empty()) return absl::OkStatus();
  const std::string_view bearer = contract::kBearer;
  const bool bears = shown.has_value() && shown->starts_with(bearer);
  const bool same = contract::SameToken(token_, bears ? shown->substr(bearer.size()) : "");
  if (bears && same) return absl::OkStatus();
  if (log_ != nullptr) {
    if (const auto kept_back = rare_.Next()) {
      log_(absl::StrCat("sent away ", contract::Printable(peer, 100), ", who showed ", bears ? "another" : "no",
                        " token", *kept_back > 0 ? absl::StrCat("; and ", *kept_back, " before") : ""));
    }
  }
  return absl::UnauthenticatedError(
      bears
          ? "this agent wants another token: --agent-token-from (of parallax) or --token-file (of parallax-agent "
            "check) must name a copy of the one that it was started with"
          : "this agent wants a token, and the call had none: name a copy of its own with --agent-token-from file:PATH "
            "(parallax) or --token-file PATH (parallax-agent check)");
}

}  // namespace parallax::session
