#include "agent/net/socket_facts.h"

#include <arpa/inet.h>
#include <linux/tcp.h>  // not netinet/tcp.h: the kernel's struct tcp_info has min_rtt and rcv_ooopack
#include <netinet/in.h>
#include <sys/socket.h>

#include "agent/net/connection.h"

namespace parallax::net {
namespace {

// States of include/net/tcp_states.h, as TCP_INFO gives them.
constexpr unsigned kStateClose = 7;      // a RST came, or nothing was ever connected
constexpr unsigned kStateCloseWait = 8;  // a FIN came
constexpr unsigned kStateLastAck = 9;

bool GetTcpInfo(int fd, tcp_info* info) {
  socklen_t size = sizeof(*info);
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &size) == 0;
}

// The kernel counts a FIN that came as one byte. Where a RST came after it, its state tells of the FIN no more; that no
// segment had a payload still does, and "not one byte" must be exact: verdicts rest on it. Otherwise such a count may
// be one too high.
uint64_t PayloadReceived(const tcp_info& info, bool fin) {
  if (info.tcpi_data_segs_in == 0) return 0;
  return info.tcpi_bytes_received - (fin && info.tcpi_bytes_received > 0 ? 1 : 0);
}

}  // namespace

std::string AddressText(const sockaddr* address, uint16_t* port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    *port = ntohs(v4->sin_port);
  } else if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    *port = ntohs(v6->sin6_port);
  }
  return text;
}

void ReadTcpInfo(int fd, v1::TcpInfo* out) {
  tcp_info info{};
  if (!GetTcpInfo(fd, &info)) return;
  constexpr int64_t kUs = 1000;
  out->set_rtt_ns(int64_t{info.tcpi_rtt} * kUs);
  // A kernel that has not measured yet says ~0.
  if (info.tcpi_min_rtt != ~0U) out->set_min_rtt_ns(int64_t{info.tcpi_min_rtt} * kUs);
  out->set_snd_mss(info.tcpi_snd_mss);
  out->set_pmtu(info.tcpi_pmtu);
  out->set_retransmits(info.tcpi_total_retrans);
  out->set_unacked(info.tcpi_unacked);
  out->set_lost(info.tcpi_lost);
  out->set_bytes_acked(info.tcpi_bytes_acked);
  out->set_bytes_received(info.tcpi_bytes_received);
  out->set_out_of_order(info.tcpi_rcv_ooopack);
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

void DescribeClosing(int fd, bool waited_in_vain, v1::Connection* record) {
  tcp_info info{};
  if (!GetTcpInfo(fd, &info)) return;
  ReadTcpInfo(fd, record->mutable_at_end());
  const bool fin = info.tcpi_state == kStateCloseWait || info.tcpi_state == kStateLastAck;
  record->set_bytes_in(PayloadReceived(info, fin));
  record->set_bytes_out(info.tcpi_bytes_sent - info.tcpi_bytes_retrans);
  if (record->end() != v1::END_UNSPECIFIED) return;
  if (fin) {
    record->set_end(v1::FIN_BY_PEER);
  } else if (info.tcpi_state == kStateClose) {
    record->set_end(v1::RST_BY_PEER);
  } else {
    record->set_end(waited_in_vain ? v1::SILENCE : v1::CLOSED_BY_US);
  }
}

}  // namespace parallax::net
