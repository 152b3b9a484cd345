// How long a session may be silent before it is ended. A handful of sessions is all that an agent serves: one that says
// nothing, or reads nothing, keeps the others out.
//
// A controller that waits, for a person or for another side, sends a ClockPing now and then.
//
// Instants are monotonic nanoseconds that the caller reads. Not thread-safe: guarded by the session's lock.
#ifndef PARALLAX_AGENT_SESSION_SILENCE_H_
#define PARALLAX_AGENT_SESSION_SILENCE_H_

#include <cstdint>
#include <string>

#include "contract/limits.h"

namespace parallax::session {

struct SilenceLimits {
  int64_t welcome_ms = 10'000;  // from Hello to Welcome
  int64_t idle_ms = 60'000;     // between two messages of the controller
  // While an assignment runs: a controller of another release may have nothing to say until the slowest probe ended.
  int64_t working_ms = contract::kMaxProbeTimeoutMs + 60'000;
  int64_t write_ms = 60'000;  // until the controller took what was written
};

class Silence {
 public:
  Silence(const SilenceLimits& limits, int64_t now_ns) : limits_(limits), heard_ns_(now_ns) {}

  void Heard(int64_t now_ns) {
    if (welcomed_) heard_ns_ = now_ns;
  }
  void Welcomed(int64_t now_ns) {
    welcomed_ = true;
    heard_ns_ = now_ns;
  }
  // An assignment begins, or is done: the controller's time to speak begins anew.
  void Works(bool working, int64_t now_ns) {
    working_ = working;
    Heard(now_ns);
  }
  // A write begins, or is done.
  void Writes(bool writing, int64_t now_ns) { writing_ns_ = writing ? now_ns : -1; }

  // When the session is to be ended if nothing changes.
  int64_t DueNs() const;
  // Why it was, in words for people.
  std::string Why(int64_t now_ns) const;

 private:
  int64_t QuietMs() const;
  bool WriteIsDueFirst() const;

  const SilenceLimits limits_;
  bool welcomed_ = false;
  bool working_ = false;
  int64_t heard_ns_;
  int64_t writing_ns_ = -1;  // -1: nothing is being written
};

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_SILENCE_H_
