#include "agent/net/poll.h"

#include <algorithm>
#include <ctime>

namespace parallax::net {

int PollFor(pollfd* entries, nfds_t count, int64_t wait_ns) {
  wait_ns = std::max<int64_t>(0, wait_ns);
  const timespec wait = {wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
  return ppoll(entries, count, &wait, nullptr);
}

short PeerEnded() { return POLLRDHUP; }

}  // namespace parallax::net
