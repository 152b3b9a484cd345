// SOCKS5 without authentication (RFC 1928), as far as CONNECT: it tells refused from dropped where a redirector in
// front of it hides the difference. No state; a stream belongs to one caller.
#ifndef PARALLAX_AGENT_PROBES_TUNNEL_SOCKS5_H_
#define PARALLAX_AGENT_PROBES_TUNNEL_SOCKS5_H_

#include <cstdint>
#include <string>

#include "agent/net/byte_stream.h"

namespace parallax::probes {

struct SocksAnswer {
  v1::Failure failure = v1::NONE;  // NONE: reply 0
  std::string text;
  int os_error = 0;
  bool greeted = false;
  bool replied = false;
  uint8_t reply = 0;
};

// Version and method selection. NONE only when the peer takes us without authentication.
SocksAnswer GreetSocks(net::ByteStream& stream, int64_t deadline_ns);

// GreetSocks and then CONNECT to a numeric address or a name. An end without a reply is CLOSED_BEFORE_FIRST_BYTE or
// RESET_BEFORE_FIRST_BYTE; REP 5 is REFUSED, 3 and 4 UNREACHABLE, 6 TIMED_OUT, any other SERVER_ERROR.
SocksAnswer ConnectBySocks(net::ByteStream& stream, const std::string& host, uint16_t port, int64_t deadline_ns);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_TUNNEL_SOCKS5_H_
