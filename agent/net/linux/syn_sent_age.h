// How long a connection attempt has waited, which the kernel does not say. Pure; thread-safe.
#ifndef PARALLAX_AGENT_NET_LINUX_SYN_SENT_AGE_H_
#define PARALLAX_AGENT_NET_LINUX_SYN_SENT_AGE_H_

#include <cstdint>

namespace parallax::net {

// How long ago the first SYN left, from how many were repeated and when the next is due. `linear` is the sysctl
// tcp_syn_linear_timeouts: so many timeouts of the first length come before they double.
int64_t SynSentAge(uint32_t repeated, int64_t next_in_ns, uint32_t linear);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_LINUX_SYN_SENT_AGE_H_
