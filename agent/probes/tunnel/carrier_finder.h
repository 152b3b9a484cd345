// What carries a destination out of this host: which process, over which connection of its own. Looks at the kernel's
// sockets and at /proc; sends nothing. Thread-safe: no state.
#ifndef PARALLAX_AGENT_PROBES_TUNNEL_CARRIER_FINDER_H_
#define PARALLAX_AGENT_PROBES_TUNNEL_CARRIER_FINDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/net/cancel.h"
#include "agent/net/clock.h"
#include "agent/probes/tunnel/argv_hints.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::probes {

struct CarrierQuestion {
  std::string address;  // numeric, where this side dials
  uint16_t port = 0;
  v1::RouteDetails route;
  std::optional<bool> interface_carrier;  // of the route's interface
  // The local end of a connection to it that is open while we look, as "address:port"; "" when there is none. Its other
  // end tells a redirector.
  std::string own_end;
};

struct SocksCandidate {
  v1::SocksListener listener;
  bool expected = false;  // of the usual port, or named by the command line: its silence is news
};

struct FoundCarrier {
  v1::CarrierDetails details;
  std::vector<HostPort> bastions;     // where to ask for a banner, the likeliest first
  std::vector<SocksCandidate> socks;  // not yet asked whether they speak SOCKS
};

// Looks again for a short while (under half a second) where a process may be about to open its next hop.
// A non-OK status: the kernel could not be asked.
absl::StatusOr<FoundCarrier> FindCarrier(const CarrierQuestion& question, const net::Clock& clock,
                                         const net::CancelToken& cancel, int64_t deadline_ns);

// The one line for people. Pure; `chain` are the processes from us to the bastion.
std::string CarrierSummary(const v1::CarrierDetails& details, const std::vector<v1::Process>& chain);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_TUNNEL_CARRIER_FINDER_H_
