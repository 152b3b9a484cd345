#include "agent/net/clock.h"

#include <ctime>

namespace parallax::net {
namespace {

int64_t Read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);  // cannot fail for these two clocks
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class HostClock final : public Clock {
 public:
  int64_t MonotonicNs() const override { return Read(CLOCK_MONOTONIC); }
  int64_t UnixNs() const override { return Read(CLOCK_REALTIME); }
};

}  // namespace

const Clock& SystemClock() {
  static const HostClock& clock = *new HostClock;  // never destroyed: threads may read it at exit
  return clock;
}

}  // namespace parallax::net
