#include "agent/net/socket_facts.h"

#include <sys/socket.h>

#include <optional>
#include <string>

#include "agent/net/address.h"
#include "agent/net/local_interface.h"
#include "agent/net/tcp_state.h"

namespace parallax::net {
namespace {

void Record(const TcpState& state, v1::TcpInfo* out) {
  if (state.rtt_ns) out->set_rtt_ns(*state.rtt_ns);
  if (state.min_rtt_ns) out->set_min_rtt_ns(*state.min_rtt_ns);
  if (state.snd_mss) out->set_snd_mss(*state.snd_mss);
  if (state.pmtu) out->set_pmtu(*state.pmtu);
  if (state.retransmits) out->set_retransmits(*state.retransmits);
  if (state.unacked) out->set_unacked(*state.unacked);
  if (state.lost) out->set_lost(*state.lost);
  if (state.bytes_acked) out->set_bytes_acked(*state.bytes_acked);
  if (state.bytes_received) out->set_bytes_received(*state.bytes_received);
  if (state.out_of_order) out->set_out_of_order(*state.out_of_order);
}

}  // namespace

void ReadTcpInfo(int fd, v1::TcpInfo* out) {
  if (const std::optional<TcpState> state = ReadTcpState(fd)) Record(*state, out);
}

void DescribeOpened(int fd, v1::Connection* record) {
  sockaddr_storage end{};
  socklen_t size = sizeof(end);
  uint16_t port = 0;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&end), &size) == 0) {
    const std::string text = AddressText(reinterpret_cast<const sockaddr*>(&end), &port);
    record->set_local_address(JoinHostPort(text, port));
    record->set_interface(InterfaceOfAddress(text, fd));
  }
  size = sizeof(end);
  if (record->remote_address().empty() && getpeername(fd, reinterpret_cast<sockaddr*>(&end), &size) == 0) {
    const std::string text = AddressText(reinterpret_cast<const sockaddr*>(&end), &port);
    record->set_remote_address(JoinHostPort(text, port));
  }
  ReadTcpInfo(fd, record->mutable_at_connect());
}

bool IsConnectedTo(int fd, const std::string& host_port) {
  sockaddr_storage end{};
  socklen_t size = sizeof(end);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&end), &size) != 0) return true;
  uint16_t port = 0;
  const std::string peer = AddressText(reinterpret_cast<const sockaddr*>(&end), &port);
  std::string address;
  uint16_t wanted_port = 0;
  return SplitHostPort(host_port, &address, &wanted_port) && port == wanted_port &&
         AddressToBytes(peer) == AddressToBytes(address);
}

void DescribeClosing(int fd, bool waited_in_vain, v1::Connection* record) {
  const std::optional<TcpState> state = ReadTcpState(fd);
  if (!state) return;
  Record(*state, record->mutable_at_end());
  if (state->payload_received) record->set_bytes_in(*state->payload_received);
  if (state->payload_sent) record->set_bytes_out(*state->payload_sent);
  if (record->end() != v1::END_UNSPECIFIED || !state->ended) return;
  switch (*state->ended) {
    case TcpState::Ended::kByFin: record->set_end(v1::FIN_BY_PEER); break;
    case TcpState::Ended::kByRst: record->set_end(v1::RST_BY_PEER); break;
    case TcpState::Ended::kNo: record->set_end(waited_in_vain ? v1::SILENCE : v1::CLOSED_BY_US); break;
  }
}

}  // namespace parallax::net
