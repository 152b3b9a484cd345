// Whether a session's work gets on: seen from its messages, without a part in it. Thread-safe.
#ifndef PARALLAX_AGENT_SESSION_PROGRESS_WATCH_H_
#define PARALLAX_AGENT_SESSION_PROGRESS_WATCH_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "contract/mutex.h"
#include "parallax/v1/session.pb.h"

namespace parallax::session {

class ProgressWatch {
 public:
  using Clock = std::chrono::steady_clock;

  // What the controller sent, before the session is given it.
  void Received(const v1::ControllerMessage& message);
  // Around the writing of a message. While it is under way the peer is what is waited for.
  void Writing();
  void Wrote(const v1::AgentMessage& message);

  // "" while the work at hand may take so long, `grace` on top; else which probes say nothing, since when, and how long
  // one of them may take. A peer that does not ack is no hang of ours.
  std::string Hung(Clock::duration grace, Clock::time_point now = Clock::now()) const;

 private:
  void Assigned(const v1::Assignment& assignment);

  mutable contract::Mutex mutex_;
  uint64_t running_ ABSL_GUARDED_BY(mutex_) = 0;  // the assignment; 0: none
  std::string what_ ABSL_GUARDED_BY(mutex_);      // its probes
  Clock::duration allowed_ ABSL_GUARDED_BY(mutex_){};
  Clock::time_point since_ ABSL_GUARDED_BY(mutex_);  // of the last sign of life
  uint64_t told_ ABSL_GUARDED_BY(mutex_) = 0;        // observations
  uint64_t acked_ ABSL_GUARDED_BY(mutex_) = 0;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_PROGRESS_WATCH_H_
