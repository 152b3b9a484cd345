#include "agent/net/linux/syn_sent_age.h"

#include <algorithm>

namespace parallax::net {

int64_t SynSentAge(uint32_t repeated, int64_t next_in_ns, uint32_t linear) {
  constexpr int64_t kFirstNs = 1'000'000'000;      // RFC 6298: the first timeout
  constexpr int64_t kLongestNs = 120'000'000'000;  // TCP_RTO_MAX
  int64_t timeout_ns = kFirstNs;
  int64_t end_ns = timeout_ns;  // when the timer that runs now will ring
  for (uint32_t i = 0; i < std::min(repeated, 64U); ++i) {
    if (i >= linear) timeout_ns = std::min(timeout_ns * 2, kLongestNs);
    end_ns += timeout_ns;
  }
  return std::max<int64_t>(0, end_ns - next_in_ns);
}

}  // namespace parallax::net
