#include "agent/net/tcp_sockets.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "agent/net/address.h"
#include "agent/net/clock.h"
#include "agent/net/linux/netlink.h"
#include "agent/net/linux/syn_sent_age.h"

namespace parallax::net {
namespace {

constexpr size_t kMaxSockets = 65536;
constexpr uint8_t kRetransmitTimer = 1;  // idiag_timer

std::string StateName(uint8_t state) {
  // include/net/tcp_states.h; the numbers are part of the kernel's interface.
  constexpr const char* kNames[] = {"",           "established", "syn-sent", "syn-recv",   "fin-wait-1",
                                    "fin-wait-2", "time-wait",   "close",    "close-wait", "last-ack",
                                    "listen",     "closing",     "syn-recv"};
  return state < std::size(kNames) ? kNames[state] : absl::StrCat("state-", state);
}

std::string Address(uint8_t family, const __be32* words) {
  const auto* bytes = reinterpret_cast<const char*>(words);
  if (family == AF_INET) return AddressFromBytes({bytes, 4});
  const std::string_view all(bytes, 16);
  static constexpr char kMapped[] = "\0\0\0\0\0\0\0\0\0\0\xff\xff";
  if (all.substr(0, 12) == std::string_view(kMapped, 12)) return AddressFromBytes(all.substr(12));
  return AddressFromBytes(all);
}

uint32_t LinearSynTimeouts() {
  uint32_t value = 0;  // kernels before 6.5 have none
  std::ifstream("/proc/sys/net/ipv4/tcp_syn_linear_timeouts") >> value;
  return value;
}

void ReadInfo(std::string_view value, TcpSocket* socket) {
  tcp_info info{};
  std::memcpy(&info, value.data(), std::min(value.size(), sizeof(info)));
  constexpr int64_t kUs = 1000;
  socket->info = true;
  socket->rtt_ns = int64_t{info.tcpi_rtt} * kUs;
  // A kernel that has not measured yet says ~0; an old one that does not know the field leaves it 0.
  if (info.tcpi_min_rtt != ~0U) socket->min_rtt_ns = int64_t{info.tcpi_min_rtt} * kUs;
  socket->last_received_ns = int64_t{info.tcpi_last_data_recv} * kMs;
  socket->last_ack_ns = int64_t{info.tcpi_last_ack_recv} * kMs;
  // Before anything came the kernel counts from its boot.
  if (socket->state == "syn-sent") socket->last_received_ns = socket->last_ack_ns = -1;
  socket->unacked = info.tcpi_unacked;
  socket->retransmits = std::max<uint32_t>(info.tcpi_total_retrans, info.tcpi_retransmits);
  socket->unanswered = info.tcpi_retransmits;
}

absl::Status Dump(uint8_t family, uint32_t linear, int64_t deadline_ns, std::vector<TcpSocket>* sockets) {
  inet_diag_req_v2 body{};
  body.sdiag_family = family;
  body.sdiag_protocol = IPPROTO_TCP;
  body.idiag_ext = 1 << (INET_DIAG_INFO - 1);
  body.idiag_states = ~0U;
  int error = 0;
  const auto each = [&](const nlmsghdr& header) {
    std::string_view attributes;
    const auto* message = NetlinkBody<inet_diag_msg>(header, &attributes);
    if (message == nullptr || sockets->size() >= kMaxSockets) return;
    TcpSocket socket;
    socket.state = StateName(message->idiag_state);
    socket.local_address = Address(message->idiag_family, message->id.idiag_src);
    socket.remote_address = Address(message->idiag_family, message->id.idiag_dst);
    socket.local_port = ntohs(message->id.idiag_sport);
    socket.remote_port = ntohs(message->id.idiag_dport);
    socket.id = message->idiag_inode;
    socket.uid = message->idiag_uid;
    socket.receive_queue = message->idiag_rqueue;
    socket.send_queue = message->idiag_wqueue;
    ForEachAttribute(attributes.data(), attributes.size(), [&](uint16_t type, std::string_view value) {
      if (type == INET_DIAG_INFO) ReadInfo(value, &socket);
    });
    if (socket.state == "syn-sent" && message->idiag_timer == kRetransmitTimer) {
      socket.age_ns = SynSentAge(message->idiag_retrans, int64_t{message->idiag_expires} * kMs, linear);
      socket.retransmits = std::max<uint32_t>(socket.retransmits, message->idiag_retrans);
    }
    sockets->push_back(std::move(socket));
  };
  const NetlinkRequest request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, body);
  if (absl::Status status = AskNetlink(NETLINK_SOCK_DIAG, request, deadline_ns, each, &error); !status.ok()) {
    return status;
  }
  // A kernel without IPv6 has no such family to list.
  if (error != 0 && family == AF_INET) return absl::UnavailableError(absl::StrCat("sock_diag: ", std::strerror(error)));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<TcpSocket>> ListTcpSockets(int64_t deadline_ns) {
  std::vector<TcpSocket> sockets;
  const uint32_t linear = LinearSynTimeouts();
  for (const uint8_t family : {uint8_t{AF_INET}, uint8_t{AF_INET6}}) {
    if (absl::Status status = Dump(family, linear, deadline_ns, &sockets); !status.ok()) return status;
  }
  return sockets;
}

}  // namespace parallax::net
