// The address that an agent may listen on, and the one where it is looked for. Pure, but for DefaultListen;
// thread-safe.
#ifndef PARALLAX_AGENT_SESSION_LISTEN_ADDRESS_H_
#define PARALLAX_AGENT_SESSION_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace parallax::session {

struct ListenAddress {
  std::string path;  // of a unix socket; "": TCP
  std::string host;  // an address, or a name where it is looked for; without brackets
  uint16_t port = 0;
  std::string Text() const;  // "unix:/run/parallax-agent/agent.sock", "127.0.0.1:7411", "[::1]:7411"
};

// Where an agent listens that was not told where, and where it is looked for then: "unix:" and, for root,
// /run/parallax-agent/agent.sock; for others parallax-agent.sock in $XDG_RUNTIME_DIR, and without that root's place
// again, which a service's RuntimeDirectory or an image makes writable.
std::string DefaultListen();

// "unix:PATH", "127.0.0.1:7411", "[::1]:7411", "localhost:0". InvalidArgument for what is no address and for one that
// others could reach, saying why and what to do instead.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// Where one is looked for: the same, of any host, by name too, and with a port. InvalidArgument for what is none.
absl::StatusOr<ListenAddress> ParseServedAddress(std::string_view text);

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_LISTEN_ADDRESS_H_
