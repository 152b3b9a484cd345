// Every TCP socket of this host's network (on Linux: of the calling thread's network namespace), other processes' too.
//
// Reads only; needs no privilege. Thread-safe. Each system's part is a file of its own (linux/tcp_sockets.cc:
// sock_diag(7)).
#ifndef PARALLAX_AGENT_NET_TCP_SOCKETS_H_
#define PARALLAX_AGENT_NET_TCP_SOCKETS_H_

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
  // What host::Process::sockets calls it (on Linux the inode). 0: nobody holds it: in an accept queue, or closed.
  uint64_t id = 0;
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

// All of IPv4 and IPv6, listeners and connections in any state. `deadline_ns` is monotonic. A non-OK status: the
// kernel could not be asked; Unimplemented: not on this system.
absl::StatusOr<std::vector<TcpSocket>> ListTcpSockets(int64_t deadline_ns);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_TCP_SOCKETS_H_
