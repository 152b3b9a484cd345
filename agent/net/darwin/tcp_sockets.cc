#include "agent/net/tcp_sockets.h"

namespace parallax::net {

absl::StatusOr<std::vector<TcpSocket>> ListTcpSockets(int64_t /*deadline_ns*/) {
  return absl::UnimplementedError("the sockets of this system cannot be listed yet");
}

}  // namespace parallax::net
