// What the operating system tells of one TCP socket. Each fact may be unknown: no value says that this system does not
// tell it, which is not the same as zero. Thread-safe; the descriptor is borrowed.
#ifndef PARALLAX_AGENT_NET_TCP_STATE_H_
#define PARALLAX_AGENT_NET_TCP_STATE_H_

#include <cstdint>
#include <optional>

namespace parallax::net {

struct TcpState {
  enum class Ended {
    kNo,
    kByFin,  // the peer's FIN has come
    kByRst,  // a RST has come, or nothing was ever connected
  };
  std::optional<Ended> ended;

  std::optional<int64_t> rtt_ns;
  std::optional<int64_t> min_rtt_ns;
  std::optional<uint32_t> snd_mss;
  std::optional<uint32_t> pmtu;
  std::optional<uint32_t> retransmits;  // over the life of the connection
  std::optional<uint32_t> unacked;
  std::optional<uint32_t> lost;
  std::optional<uint32_t> out_of_order;
  std::optional<uint64_t> bytes_acked;
  std::optional<uint64_t> bytes_received;    // a FIN may count as one
  std::optional<uint64_t> payload_received;  // exact where it is 0; else it may be one too high after a FIN and a RST
  std::optional<uint64_t> payload_sent;      // each byte once
};

// As it is now; no value for a descriptor that is no TCP socket, and where the system tells nothing.
std::optional<TcpState> ReadTcpState(int fd);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_TCP_STATE_H_
