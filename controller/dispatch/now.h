// The controller's clocks, in nanoseconds. Thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_NOW_H_
#define PARALLAX_CONTROLLER_DISPATCH_NOW_H_

#include <chrono>
#include <cstdint>

namespace parallax::dispatch {

inline constexpr int64_t kMs = 1'000'000;  // nanoseconds

inline int64_t MonotonicNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline int64_t UnixNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_NOW_H_
