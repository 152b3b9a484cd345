// From an endpoint to a connection: RESOLVE when no address is pinned, the side's --connect-to map, policy, CONNECT.
//
// Every probe that dials goes through here, so that all of them mean the same by "connect". Thread-safe (no state).
#ifndef PARALLAX_AGENT_PROBES_DIAL_H_
#define PARALLAX_AGENT_PROBES_DIAL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "agent/net/connection.h"
#include "agent/probes/probe.h"

namespace parallax::probes {

// InvalidArgument, naming `field`, when the endpoint has no host and no address, or a port outside 1..65535.
absl::Status ValidateEndpoint(const v1::Endpoint& endpoint, std::string_view field);

struct Destination {
  v1::Failure failure = v1::NONE;  // of the RESOLVE step, or DENIED_BY_POLICY
  std::string address;             // numeric
  uint16_t port = 0;
  bool via_connect_to = false;
};

// Where this side dials for `endpoint`; appends a RESOLVE step when a name has to be resolved. Policy is not asked yet.
Destination Locate(const v1::Endpoint& endpoint, const Context& context, Recorder& recorder);

struct Dialled {
  v1::Failure failure = v1::NONE;
  std::unique_ptr<net::Connection> connection;  // null when it failed
  int index = 0;                                // 1-based, into Observation.connections
  v1::Step* connect = nullptr;                  // the CONNECT step, ended
};

// Appends a connection and a CONNECT step. DENIED_BY_POLICY is its failure where policy refuses the address.
Dialled Dial(const Destination& destination, const Context& context, Recorder& recorder, std::string_view variant = "");

// Copies how the connection ended, if it has, into the step, with the bytes that the step moved.
// `out_before`, `in_before`: the connection's counts when the step began.
void NoteTraffic(v1::Step* step, const net::Connection& connection, uint64_t out_before, uint64_t in_before);

// How a step ended that waited until its deadline, by the traffic that it noted: SILENCE, or UNFINISHED where bytes
// came and never all that was due.
v1::End EndOfWait(const v1::Step& step);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_DIAL_H_
