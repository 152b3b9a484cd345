// The listen carrier: `parallax-agent serve`. Several controllers at once, over plaintext or TLS, on a loopback
// address: until an agent has a policy of its own, whoever can reach it can probe with its eyes.
#ifndef PARALLAX_AGENT_SESSION_LISTEN_CARRIER_H_
#define PARALLAX_AGENT_SESSION_LISTEN_CARRIER_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "agent/session/agent_session.h"

namespace parallax::session {

inline constexpr char kDefaultListen[] = "127.0.0.1:7411";

struct ListenOptions {
  std::string address = kDefaultListen;  // "ADDRESS:PORT"; port 0: any that is free
  // PEM files, read again while serving, so that they may be renewed. Both or neither; "" is plaintext.
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;     // controllers must show a certificate of these authorities; "": none is asked for
  unsigned reload_seconds = 10;  // how often the files are read
  int max_sessions = 4;          // one more is answered RESOURCE_EXHAUSTED
  int64_t drain_ms = 30'000;     // what runs when we are asked to end may take this long
  std::function<void(const std::string& address)> on_listening;  // once, with the port that was taken
};

// Serves until `stop_fd` becomes readable (what is in it is read), then drains: no new session, no new assignment, and
// what runs goes on to its end. OK once all of it ended. Cancelled when `stop_fd` became readable again, or the drain
// took longer than drain_ms: what still ran was cut off. InvalidArgument for an address that is not on the loopback
// and for options that do not fit; NotFound for files; Unavailable when the address cannot be had. Blocks.
absl::Status ServeListen(AgentSession& session, const ListenOptions& options, int stop_fd);

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_LISTEN_CARRIER_H_
