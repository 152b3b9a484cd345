#include "agent/runner/waiter.h"

#include <poll.h>

#include <algorithm>

#include "agent/net/clock.h"

namespace parallax::runner {
namespace {

class HostWaiter final : public Waiter {
 public:
  bool WaitUntil(int64_t monotonic_ns, const net::CancelToken& cancel) const override {
    while (!cancel.cancelled()) {
      const int64_t left = monotonic_ns - net::SystemClock().MonotonicNs();
      if (left <= 0) return true;
      // Without a descriptor to wake us, look every 50 ms.
      const int64_t slice = cancel.fd() < 0 ? 50 : 60'000;
      pollfd wake = {cancel.fd(), POLLIN, 0};  // poll(2) skips a negative descriptor
      poll(&wake, 1, static_cast<int>(std::min(slice, (left + net::kMs - 1) / net::kMs)));
    }
    return false;
  }
};

}  // namespace

const Waiter& SystemWaiter() {
  static const HostWaiter& waiter = *new HostWaiter;
  return waiter;
}

}  // namespace parallax::runner
