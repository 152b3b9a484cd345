// Does an agent serve there, and does it work? For the health checks of containers (`parallax-agent check`). Stateless;
// thread-safe.
#ifndef PARALLAX_AGENT_SESSION_HEALTH_CHECK_H_
#define PARALLAX_AGENT_SESSION_HEALTH_CHECK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace parallax::session {

struct HealthCheckOptions {
  std::string address;  // "unix:/run/parallax-agent/agent.sock", "127.0.0.1:7411"
  std::string token;    // shown to the agent; "" none. Never to another host without TLS
  // TLS is spoken when any of these is given.
  std::string tls_ca;    // PEM file with the authorities of the agent's certificate; "": the system's
  std::string tls_cert;  // PEM files that we show to an agent with --tls-client-ca; both or neither
  std::string tls_key;
  std::string tls_name;  // the name that the agent's certificate must bear; "": the host of `address`
  int64_t timeout_ms = 5'000;
};

// Connects, opens a session and has a plan run that looks up one route and sends nothing: OK once it is done. An agent
// whose places are all taken has one more for checks; so OK says that it works, also when it is busy. InvalidArgument,
// PermissionDenied and NotFound for options and files; else Unavailable, with one line that says why and one that says
// what helps. Blocks at most timeout_ms.
absl::Status CheckHealth(const HealthCheckOptions& options);

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_HEALTH_CHECK_H_
