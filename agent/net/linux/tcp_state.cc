#include "agent/net/tcp_state.h"

#include <linux/tcp.h>  // not netinet/tcp.h: the kernel's struct tcp_info has min_rtt and rcv_ooopack
#include <netinet/in.h>
#include <sys/socket.h>

namespace parallax::net {
namespace {

// States of include/net/tcp_states.h, as TCP_INFO gives them.
constexpr unsigned kStateClose = 7;
constexpr unsigned kStateCloseWait = 8;
constexpr unsigned kStateLastAck = 9;

// The kernel counts a FIN that came as one byte. Where a RST came after it, its state tells of the FIN no more; that no
// segment had a payload still does, and "not one byte" must be exact: verdicts rest on it. Otherwise such a count may
// be one too high.
uint64_t PayloadReceived(const tcp_info& info, bool fin) {
  if (info.tcpi_data_segs_in == 0) return 0;
  return info.tcpi_bytes_received - (fin && info.tcpi_bytes_received > 0 ? 1 : 0);
}

}  // namespace

std::optional<TcpState> ReadTcpState(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  constexpr int64_t kUs = 1000;
  const bool fin = info.tcpi_state == kStateCloseWait || info.tcpi_state == kStateLastAck;
  TcpState state;
  state.ended = fin                              ? TcpState::Ended::kByFin
                : info.tcpi_state == kStateClose ? TcpState::Ended::kByRst
                                                 : TcpState::Ended::kNo;
  state.rtt_ns = int64_t{info.tcpi_rtt} * kUs;
  // A kernel that has not measured yet says ~0.
  if (info.tcpi_min_rtt != ~0U) state.min_rtt_ns = int64_t{info.tcpi_min_rtt} * kUs;
  state.snd_mss = info.tcpi_snd_mss;
  state.pmtu = info.tcpi_pmtu;
  state.retransmits = info.tcpi_total_retrans;
  state.unacked = info.tcpi_unacked;
  state.lost = info.tcpi_lost;
  state.out_of_order = info.tcpi_rcv_ooopack;
  state.bytes_acked = info.tcpi_bytes_acked;
  state.bytes_received = info.tcpi_bytes_received;
  state.payload_received = PayloadReceived(info, fin);
  state.payload_sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
  return state;
}

}  // namespace parallax::net
