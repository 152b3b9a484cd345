// What the kernel's routing knows: links, addresses, routes, rules, neighbours, and which route a destination takes.
// Reads only, needs no privilege, of the network namespace of the calling thread. Thread-safe.
//
// Deadlines are monotonic ns. A non-OK status: the kernel could not be asked; Unimplemented: not on this system. Each
// system's part is a file of its own (linux/routing.cc: rtnetlink(7)).
#ifndef PARALLAX_AGENT_NET_ROUTING_H_
#define PARALLAX_AGENT_NET_ROUTING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace parallax::net {

struct Link {
  int index = 0;
  std::string name;
  std::string kind;  // the kernel's word ("tun", "wireguard", "veth", "bridge", ...), else by hardware: "loopback",
                     // "ethernet", "ppp", "none"
  bool up = false;   // administratively
  std::optional<bool> carrier;  // somebody is at the other end: a TUN without a process has none
  uint32_t mtu = 0;
};

struct LinkAddress {
  int index = 0;
  std::string address;
  int prefix_length = 0;
};

enum class RouteType {
  kUnicast,
  kLocal,
  kBroadcast,
  kMulticast,
  kAnycast,
  kBlackhole,
  kUnreachable,
  kProhibit,
  kThrow,
  kOther
};

struct Route {
  bool v6 = false;
  std::string prefix;  // "10.0.4.0", "0.0.0.0" for the default
  int prefix_length = 0;
  uint32_t table = 0;  // 0 on a system that has one table
  bool main_table = true;
  uint32_t metric = 0;
  RouteType type = RouteType::kUnicast;
  std::optional<bool> on_link;  // its destinations are neighbours
  int link = 0;                 // index of the outgoing interface, 0: none
  std::string gateway;
  std::string source;
  uint32_t mtu = 0;  // 0: the interface's
};

struct Rule {
  bool v6 = false;
  uint32_t priority = 0;
  uint32_t table = 0;
  std::string text;  // "32766: all, table main", as words
};

struct Neighbour {
  int link = 0;
  std::string address;
  std::string state;  // "reachable", "stale", "failed", "incomplete", ...
};

// Where the kernel would send a packet for one address now.
struct RouteAnswer {
  int os_error = 0;  // ENETUNREACH, EHOSTUNREACH, EACCES (prohibit), EINVAL (blackhole): no way, and why
  Route route;       // of the chosen way: link, gateway, source, table
  bool matched_known = false;
  Route matched;  // the entry that matched: prefix, scope, metric
};

absl::StatusOr<std::vector<Link>> ListLinks(int64_t deadline_ns);
absl::StatusOr<std::vector<LinkAddress>> ListLinkAddresses(int64_t deadline_ns);
absl::StatusOr<std::vector<Route>> ListRoutes(int64_t deadline_ns);  // every table, v4 and v6
absl::StatusOr<std::vector<Rule>> ListRules(int64_t deadline_ns);
absl::StatusOr<std::vector<Neighbour>> ListNeighbours(int64_t deadline_ns);
// InvalidArgument for an address that is not numeric.
absl::StatusOr<RouteAnswer> LookUpRoute(const std::string& address, int64_t deadline_ns);

// "10.0.4.0/22", or "default" where the length is 0.
std::string PrefixText(const Route& route);
// Whether `address` (numeric, of either family) is within the route's prefix.
bool Contains(const Route& route, const std::string& address);
// The link with that index or name; nullptr: none.
const Link* FindLink(const std::vector<Link>& links, int index);
const Link* FindLink(const std::vector<Link>& links, const std::string& name);
// "main", "local", "default", or the number; "" on a system that has one table.
std::string TableName(uint32_t table);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_ROUTING_H_
