#include "agent/session/progress_watch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::session {
namespace {

using std::chrono::milliseconds;

constexpr int kNamed = 3;  // probes that a sentence names
constexpr int64_t kDayMs = 24 * 3600 * 1000;

int64_t Bounded(int64_t ms) { return std::clamp<int64_t>(ms, 0, kDayMs); }

}  // namespace

void ProgressWatch::Received(const v1::ControllerMessage& message) {
  if (message.has_assignment()) Assigned(message.assignment());
  if (!message.has_ack()) return;
  const contract::MutexLock lock(mutex_);
  acked_ = std::max(acked_, message.ack().number());
  since_ = std::max(since_, Clock::now());  // room for more: what waited for it goes on from here
}

void ProgressWatch::Assigned(const v1::Assignment& assignment) {
  v1::Plan plan;
  if (!plan.ParseFromString(assignment.plan())) return;  // the session answers it at once
  int64_t longest_ms = 0;
  std::string names;
  for (const v1::ProbeSpec& probe : plan.probes()) longest_ms = std::max(longest_ms, Bounded(probe.timeout_ms()));
  for (int i = 0; i < std::min(kNamed, plan.probes_size()); ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", contract::Printable(plan.probes(i).name(), 60));
  }
  if (plan.probes_size() > kNamed) absl::StrAppend(&names, ", ...");
  // Until its hour comes, the sides take turns, and probes start apart: nothing is said meanwhile.
  const auto unix_now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t until_start_ms =
      Bounded(assignment.start_at_unix_ns() / 1'000'000 - std::chrono::duration_cast<milliseconds>(unix_now).count());
  const int64_t waits_ms = Bounded(Bounded(plan.stagger_ms()) * std::max(1U, assignment.side_count())) +
                           Bounded(Bounded(plan.spacing_ms()) * std::max(1, plan.probes_size()));
  const contract::MutexLock lock(mutex_);
  if (running_ != 0) return;  // one at a time: the session refuses this one
  running_ = assignment.id() == 0 ? ~uint64_t{0} : assignment.id();
  what_ = names;
  allowed_ = milliseconds(longest_ms + until_start_ms + waits_ms);
  since_ = Clock::now();
}

void ProgressWatch::Writing() {
  const contract::MutexLock lock(mutex_);
  writing_ = true;
}

void ProgressWatch::Wrote(const v1::AgentMessage& message) {
  const contract::MutexLock lock(mutex_);
  writing_ = false;
  since_ = Clock::now();
  if (message.has_observation()) told_ = std::max(told_, message.observation().number());
  if (message.has_done()) running_ = 0;
}

std::string ProgressWatch::Hung(Clock::duration grace, Clock::time_point now) const {
  const contract::MutexLock lock(mutex_);
  if (running_ == 0 || writing_ || acked_ < told_ || now - since_ < allowed_ + grace) return "";
  const auto seconds = [](Clock::duration time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
  };
  return absl::StrCat("'", what_, "' has told nothing for ", seconds(now - since_), " s and may take ",
                      seconds(allowed_), " s");
}

}  // namespace parallax::session
