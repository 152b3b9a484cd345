// Every TCP socket of this network namespace, other processes' too, as the kernel tells it to anyone (sock_diag(7)).
//
// Reads only; needs no privilege; of the network namespace of the calling thread. Thread-safe.
#ifndef PARALLAX_AGENT_NET_SOCK_DIAG_H_
#define PARALLAX_AGENT_NET_SOCK_DIAG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace parallax::net {

struct TcpSocket {
  std::string state;          // "established", "syn-sent", "listen", "close-wait", ...
  std::string local_address;  // IPv4-mapped addresses are written as IPv4
  uint16_t local_port = 0;
  std::string remote_address;
  uint16_t remote_port = 0;
  uint64_t inode = 0;  // 0: nobody holds it: in an accept queue, or closed by its process
  uint32_t uid = 0;
  uint32_t receive_queue = 0;  // bytes unread; of a listener: connections that wait to be accepted
  uint32_t send_queue = 0;     // bytes unacknowledged or unsent
  bool info = false;           // the numbers below are known
  int64_t rtt_ns = 0;
  int64_t min_rtt_ns = 0;
  int64_t last_received_ns = 0;  // since data came; -1: nothing has
  int64_t last_ack_ns = 0;
  uint32_t unacked = 0;
  uint32_t retransmits = 0;  // over the life of the connection
  uint32_t unanswered = 0;   // retransmits of what is in flight now
  int64_t age_ns = -1;       // of a SYN-SENT, reckoned from its retransmission timer; -1: the kernel does not say

  bool listening() const { return state == "listen"; }
};

// All of IPv4 and IPv6, listeners and connections in any state. `deadline_ns` is monotonic.
absl::StatusOr<std::vector<TcpSocket>> ListTcpSockets(int64_t deadline_ns);

// How long ago the first SYN left, from how many were repeated and when the next is due. `linear` is the sysctl
// tcp_syn_linear_timeouts: so many timeouts of the first length come before they double. Pure.
int64_t SynSentAge(uint32_t repeated, int64_t next_in_ns, uint32_t linear);

// 127.0.0.0/8, ::1 and their IPv4-mapped forms.
bool IsLoopbackAddress(const std::string& address);
// 0.0.0.0 and ::.
bool IsWildcardAddress(const std::string& address);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_SOCK_DIAG_H_
