#include "agent/net/poll.h"

#include <algorithm>
#include <climits>

#include "agent/net/clock.h"

namespace parallax::net {

int PollFor(pollfd* entries, nfds_t count, int64_t wait_ns) {
  const int64_t wait_ms = (std::max<int64_t>(0, wait_ns) + kMs - 1) / kMs;
  return poll(entries, count, static_cast<int>(std::min<int64_t>(wait_ms, INT_MAX)));
}

short PeerEnded() { return POLLHUP; }

}  // namespace parallax::net
