// The one place that reads time, so that tests can bring their own.
//
// Implementations are thread-safe. A Clock is borrowed by reference and outlives its users.
#ifndef PARALLAX_AGENT_NET_CLOCK_H_
#define PARALLAX_AGENT_NET_CLOCK_H_

#include <cstdint>

namespace parallax::net {

class Clock {
 public:
  virtual ~Clock() = default;
  // Nanoseconds of CLOCK_MONOTONIC: for durations and deadlines.
  virtual int64_t MonotonicNs() const = 0;
  // Nanoseconds since the epoch, CLOCK_REALTIME: only to label and to align with other hosts.
  virtual int64_t UnixNs() const = 0;
};

// The host's clock. Never destroyed.
const Clock& SystemClock();

inline constexpr int64_t kMs = 1'000'000;  // nanoseconds

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_CLOCK_H_
