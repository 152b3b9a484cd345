#include "agent/session/silence.h"

#include "absl/strings/str_cat.h"

namespace parallax::session {
namespace {

constexpr int64_t kMs = 1'000'000;  // in nanoseconds

}  // namespace

int64_t Silence::QuietMs() const {
  if (!welcomed_) return limits_.welcome_ms;
  return working_ ? limits_.working_ms : limits_.idle_ms;
}

bool Silence::WriteIsDueFirst() const {
  return writing_ns_ >= 0 && writing_ns_ + limits_.write_ms * kMs < heard_ns_ + QuietMs() * kMs;
}

int64_t Silence::DueNs() const {
  return WriteIsDueFirst() ? writing_ns_ + limits_.write_ms * kMs : heard_ns_ + QuietMs() * kMs;
}

std::string Silence::Why(int64_t now_ns) const {
  const int64_t since_ns = WriteIsDueFirst() ? writing_ns_ : heard_ns_;
  const std::string seconds = absl::StrCat((now_ns - since_ns) / (1000 * kMs), " s");
  if (WriteIsDueFirst()) return absl::StrCat("the controller read nothing for ", seconds);
  return absl::StrCat("the controller said nothing for ", seconds, welcomed_ ? "" : " after Hello");
}

}  // namespace parallax::session
