// Which way a destination takes out of this host, and why: what the route probe records and the tunnel probe begins
// with. Asks the kernel each time; sends nothing; needs no privilege. Thread-safe.
#ifndef PARALLAX_AGENT_PROBES_ROUTE_ROUTE_FACTS_H_
#define PARALLAX_AGENT_PROBES_ROUTE_ROUTE_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::probes {

struct RouteFacts {
  v1::Failure failure = v1::NONE;  // NO_ROUTE or UNREACHABLE
  int os_error = 0;
  std::string text;  // for people, when it failed
  v1::RouteDetails details;
  std::optional<bool> carrier;  // of the interface; in the details an unknown one is false
};

// `address` is numeric; `deadline_ns` monotonic. A non-OK status: the kernel could not be asked.
absl::StatusOr<RouteFacts> ReadRouteFacts(const std::string& address, int64_t deadline_ns);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_ROUTE_ROUTE_FACTS_H_
