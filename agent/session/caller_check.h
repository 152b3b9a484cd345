// Who may open a session: the token that a listening agent asks for. No gRPC here. Thread-safe.
#ifndef PARALLAX_AGENT_SESSION_CALLER_CHECK_H_
#define PARALLAX_AGENT_SESSION_CALLER_CHECK_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "contract/mutex.h"

namespace parallax::session {

// Lets a line through now and then, so that a stranger cannot fill a log.
class RareLog {
 public:
  using Clock = std::chrono::steady_clock;
  explicit RareLog(Clock::duration interval) : interval_(interval) {}
  // Nothing, or how many were kept back since the last that went through.
  std::optional<uint64_t> Next(Clock::time_point now = Clock::now());

 private:
  const Clock::duration interval_;
  contract::Mutex mutex_;
  std::optional<Clock::time_point> last_ ABSL_GUARDED_BY(mutex_);
  uint64_t kept_back_ ABSL_GUARDED_BY(mutex_) = 0;
};

class CallerCheck {
 public:
  // "" lets everybody in who can reach us: a socket's modes, or mutual TLS, have kept the others out. `log` is given a
  // line about who was sent away, at most one in ten seconds.
  explicit CallerCheck(std::string token, std::function<void(const std::string&)> log = nullptr);

  // OK, or Unauthenticated in words for whoever calls. `shown` is the call's authorization, nullopt when it has none;
  // `peer` is for the log. The comparison takes as long whatever was shown.
  absl::Status Admit(std::optional<std::string_view> shown, std::string_view peer) const;

 private:
  const std::string token_;
  const std::function<void(const std::string&)> log_;
  mutable RareLog rare_{std::chrono::seconds(10)};
};

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_CALLER_CHECK_H_
