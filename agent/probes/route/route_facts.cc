#include "agent/probes/route/route_facts.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/net/classify.h"
#include "agent/net/routing.h"
#include "contract/names.h"
#include "contract/tunnel_kinds.h"

namespace parallax::probes {
namespace {

constexpr size_t kMaxCompeting = 16;

using net::RouteType;

const net::Route* DefaultRoute(const std::vector<net::Route>& routes, bool v6) {
  const net::Route* best = nullptr;
  for (const net::Route& route : routes) {
    if (route.v6 != v6 || route.prefix_length != 0 || !route.main_table || route.type != RouteType::kUnicast) continue;
    if (best == nullptr || route.metric < best->metric) best = &route;
  }
  return best;
}

v1::RouteType TypeOf(const net::Route& route) {
  switch (route.type) {
    case RouteType::kBlackhole: return v1::ROUTE_TYPE_BLACKHOLE;
    case RouteType::kUnreachable: return v1::ROUTE_TYPE_UNREACHABLE;
    case RouteType::kProhibit: return v1::ROUTE_TYPE_PROHIBIT;
    case RouteType::kThrow: return v1::ROUTE_TYPE_THROW;
    default: return v1::ROUTE_TYPE_UNICAST;
  }
}

std::string TypeWord(const net::Route& route) {
  const v1::RouteType type = TypeOf(route);
  return type == v1::ROUTE_TYPE_UNICAST ? "" : absl::StrCat(contract::Name(type), " ");
}

bool SameEntry(const net::Route& a, const net::Route& b) {
  return a.table == b.table && a.prefix == b.prefix && a.prefix_length == b.prefix_length && a.link == b.link &&
         a.gateway == b.gateway && a.type == b.type;
}

// The entry of the tables that an old kernel does not name: the longest that leads the same way.
const net::Route* Matched(const std::vector<net::Route>& routes, const std::string& address, const net::Route& chosen) {
  const net::Route* best = nullptr;
  for (const net::Route& route : routes) {
    if (route.table != chosen.table || !net::Contains(route, address)) continue;
    if (chosen.link != 0 && route.link != chosen.link) continue;
    if (best == nullptr || route.prefix_length > best->prefix_length) best = &route;
  }
  return best;
}

// Which rule sent us to that table, in words. The rules' other conditions (marks, sources) are shown, not evaluated.
std::string Policy(const std::vector<net::Rule>& rules, const net::Route& chosen, const net::Route* matched) {
  const std::string table = net::TableName(chosen.table);
  std::string words = table.empty() ? "the only table" : absl::StrCat("table ", table);
  for (const net::Rule& rule : rules) {
    if (rule.v6 != chosen.v6 || rule.table != chosen.table) continue;
    absl::StrAppend(&words, ", rule ", rule.text);
    break;
  }
  if (matched != nullptr) {
    absl::StrAppend(&words, ", the longest prefix is ", TypeWord(*matched), net::PrefixText(*matched));
    if (matched->metric != 0) absl::StrAppend(&words, " metric ", matched->metric);
  }
  return words;
}

}  // namespace

absl::StatusOr<RouteFacts> ReadRouteFacts(const std::string& address, int64_t deadline_ns) {
  absl::StatusOr<net::RouteAnswer> answer = net::LookUpRoute(address, deadline_ns);
  if (!answer.ok()) return answer.status();
  absl::StatusOr<std::vector<net::Link>> links = net::ListLinks(deadline_ns);
  if (!links.ok()) return links.status();
  absl::StatusOr<std::vector<net::Route>> routes = net::ListRoutes(deadline_ns);
  if (!routes.ok()) return routes.status();
  const absl::StatusOr<std::vector<net::Rule>> rules = net::ListRules(deadline_ns);
  const absl::StatusOr<std::vector<net::Neighbour>> neighbours = net::ListNeighbours(deadline_ns);

  RouteFacts facts;
  v1::RouteDetails& details = facts.details;
  details.set_destination(address);
  const net::Route& chosen = answer->route;
  const bool v6 = address.find(':') != std::string::npos;
  const net::Route* matched = answer->matched_known ? &answer->matched : Matched(*routes, address, chosen);
  const net::Link* link = net::FindLink(*links, chosen.link);

  if (const net::Route* fallback = DefaultRoute(*routes, v6); fallback != nullptr) {
    if (const net::Link* out = net::FindLink(*links, fallback->link); out != nullptr) {
      details.set_default_interface(out->name);
    }
  }
  // Whether chosen or not: a local network that owns the address is what people need to see.
  for (const net::Route& route : *routes) {
    if (route.type == RouteType::kLocal || route.type == RouteType::kBroadcast || route.type == RouteType::kMulticast ||
        route.type == RouteType::kAnycast || !net::Contains(route, address)) {
      continue;
    }
    if (answer->os_error == 0 && matched != nullptr && SameEntry(route, *matched)) continue;
    if (static_cast<size_t>(details.competing_prefixes_size()) >= kMaxCompeting) break;
    const net::Link* by = net::FindLink(*links, route.link);
    std::string words = absl::StrCat(TypeWord(route), net::PrefixText(route), by == nullptr ? "" : " dev " + by->name);
    if (!route.main_table) absl::StrAppend(&words, " table ", net::TableName(route.table));
    details.add_competing_prefixes(words);
    v1::CompetingRoute* competing = details.add_competing_routes();
    competing->set_prefix(net::PrefixText(route));
    if (by != nullptr) competing->set_interface(by->name);
    competing->set_table(net::TableName(route.table));
    competing->set_type(TypeOf(route));
  }
  if (answer->os_error != 0) {
    facts.os_error = answer->os_error;
    switch (answer->os_error) {
      case EACCES:  // a prohibit route
      case EHOSTUNREACH: facts.failure = v1::UNREACHABLE; break;
      default: facts.failure = v1::NO_ROUTE; break;
    }
    facts.text = absl::StrCat("no way to ", address, ": ", std::strerror(answer->os_error));
    details.set_policy(facts.text);
    return facts;
  }
  details.set_source(chosen.source);
  details.set_gateway(chosen.gateway);
  details.set_table(chosen.table);
  details.set_mtu(chosen.mtu);
  if (matched != nullptr) {
    details.set_matched_prefix(net::PrefixText(*matched));
    if (details.gateway().empty()) details.set_gateway(matched->gateway);
    if (details.mtu() == 0) details.set_mtu(matched->mtu);
  }
  if (link != nullptr) {
    details.set_interface(link->name);
    details.set_link_kind(contract::LinkKindFromName(link->kind));
    details.set_interface_up(link->up);
    facts.carrier = link->carrier;
    details.set_interface_carrier(link->carrier.value_or(false));
    if (details.mtu() == 0) details.set_mtu(link->mtu);
  }
  // A TUN has no neighbours, though its routes have link scope.
  const bool has_neighbours = link != nullptr &&
                              !contract::IsTunnelWithoutNeighbours(contract::LinkKindFromName(link->kind)) &&
                              link->kind != "none" && link->kind != "loopback";
  const bool link_scope = matched != nullptr && matched->on_link.value_or(false);
  details.set_connected(has_neighbours && details.gateway().empty() && link_scope);
  if (neighbours.ok() && link != nullptr) {
    const std::string& next_hop = details.gateway().empty() ? address : details.gateway();
    for (const net::Neighbour& neighbour : *neighbours) {
      if (neighbour.link == link->index && neighbour.address == next_hop) {
        details.set_neighbour(contract::NeighbourStateFromName(neighbour.state));
      }
    }
  }
  details.set_policy(Policy(rules.ok() ? *rules : std::vector<net::Rule>{}, chosen, matched));
  return facts;
}

}  // namespace parallax::probes
