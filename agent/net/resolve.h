// The system's own resolver (getaddrinfo(3)) with a deadline, which it does not have. Thread-safe.
#ifndef PARALLAX_AGENT_NET_RESOLVE_H_
#define PARALLAX_AGENT_NET_RESOLVE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "agent/net/cancel.h"
#include "agent/net/clock.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::net {

struct Resolved {
  v1::Failure failure = v1::NONE;
  std::vector<std::string> addresses;  // numeric, sorted, each once
  std::string error;                   // gai_strerror(3), "" when fine
};

// What an application on this host would get: /etc/hosts, nsswitch and all. A numeric `name` is its own answer.
// getaddrinfo cannot be cancelled: it runs in a thread of its own that is left behind when it is late, and ends by the
// resolver's own timeouts.
Resolved ResolveName(const std::string& name, const Clock& clock, const CancelToken& cancel, int64_t deadline_ns);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_RESOLVE_H_
