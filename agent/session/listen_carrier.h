// The listen carrier: `parallax-agent serve`. Several controllers at once, over a unix socket, or over plaintext or TLS
// on a loopback address. Nobody is let in unknown: by the socket's file modes, by a token, or by a certificate.
#ifndef PARALLAX_AGENT_SESSION_LISTEN_CARRIER_H_
#define PARALLAX_AGENT_SESSION_LISTEN_CARRIER_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "agent/session/agent_session.h"

namespace parallax::session {

struct ListenOptions {
  std::string address;        // "unix:PATH", or "ADDRESS:PORT"; port 0: any that is free
  mode_t socket_mode = 0600;  // unix: of the socket's file
  std::string token;          // every call must show it; "": none. Needed for TCP without tls_client_ca
  // PEM files, read again while serving, so that they may be renewed. Both or neither; "" is plaintext.
  std::string tls_cert;
  std::string tls_key;
  std::string tls_client_ca;     // controllers must show a certificate of these authorities; "": none is asked for
  unsigned reload_seconds = 10;  // how often the files are read
  int max_sessions = 4;          // one more is answered RESOURCE_EXHAUSTED
  std::chrono::milliseconds check_ms{10'000};    // see ServiceOptions
  int max_checks = 2;                            // health checks have places of their own
  std::chrono::milliseconds hang_grace{10'000};  // see ServiceOptions
  int64_t drain_ms = 30'000;                     // what runs when we are asked to end may take this long
  std::function<void(const std::string& address)> on_listening;  // once, with the port that was taken
  std::function<void(const std::string& line)> log;  // what happens meanwhile and is worth a line, at a bounded rate
};

// Serves until `stop_fd` becomes readable (what is in it is read), then drains: no new session, no new assignment, and
// what runs goes on to its end. OK once all of it ended. Cancelled when `stop_fd` became readable again, or the drain
// took longer than drain_ms: what still ran was cut off. InvalidArgument for an address that is not on the loopback,
// for one where callers would stay unknown, and for options that do not fit; NotFound for files; Unavailable when the
// address cannot be had. Blocks.
absl::Status ServeListen(AgentSession& session, const ListenOptions& options, int stop_fd);

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_LISTEN_CARRIER_H_
