// poll(2) whose wait is in nanoseconds. Thread-safe.
#ifndef PARALLAX_AGENT_NET_POLL_H_
#define PARALLAX_AGENT_NET_POLL_H_

#include <poll.h>

#include <cstdint>

namespace parallax::net {

// As poll(2): how many of `entries` are ready, 0 after `wait_ns`, -1 with errno. A system without a finer clock rounds
// the wait up to a millisecond.
int PollFor(pollfd* entries, nfds_t count, int64_t wait_ns);

// The event of poll(2) for a peer that ended its half of the connection, whether or not there is more to read.
short PeerEnded();

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_POLL_H_
