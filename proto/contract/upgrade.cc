#include "contract/upgrade.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "contract/names.h"

namespace parallax::contract {
namespace {

void Upgrade(v1::Process* process) {
  if (process->state().empty()) return;
  process->set_process_state(ProcessStateFromName(process->state()));
  process->clear_state();
}

// "blackhole 10.0.4.0/22 dev sst table 220"
v1::CompetingRoute RouteFromWords(const std::string& text) {
  v1::CompetingRoute route;
  route.set_type(v1::ROUTE_TYPE_UNICAST);
  route.set_table("main");
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  size_t at = 0;
  if (const v1::RouteType type = RouteTypeFromName(words[0]); type != v1::ROUTE_TYPE_UNSPECIFIED) {
    route.set_type(type);
    ++at;
  }
  if (at < words.size()) route.set_prefix(words[at++]);
  for (; at + 1 < words.size(); at += 2) {
    if (words[at] == "dev") route.set_interface(words[at + 1]);
    if (words[at] == "table") route.set_table(words[at + 1]);
  }
  return route;
}

void Upgrade(v1::RouteDetails* route) {
  if (!route->interface_kind().empty()) {
    route->set_link_kind(LinkKindFromName(route->interface_kind()));
    route->clear_interface_kind();
  }
  if (!route->neighbour_state().empty()) {
    route->set_neighbour(NeighbourStateFromName(route->neighbour_state()));
    route->clear_neighbour_state();
  }
  if (route->competing_routes().empty()) {
    for (const std::string& words : route->competing_prefixes()) *route->add_competing_routes() = RouteFromWords(words);
  }
}

void Upgrade(v1::CarrierDetails* carrier) {
  if (carrier->has_holder()) Upgrade(carrier->mutable_holder());
  for (v1::CarrierConnection& connection : *carrier->mutable_connections()) {
    if (connection.has_owner()) Upgrade(connection.mutable_owner());
    if (connection.state().empty()) continue;
    connection.set_tcp_state(TcpStateFromName(connection.state()));
    connection.clear_state();
  }
  for (v1::SocksListener& listener : *carrier->mutable_socks()) {
    if (listener.has_owner()) Upgrade(listener.mutable_owner());
  }
}

}  // namespace

void Upgrade(v1::Observation* observation) {
  for (v1::Step& step : *observation->mutable_steps()) {
    if (step.has_route()) Upgrade(step.mutable_route());
    if (step.has_carrier()) Upgrade(step.mutable_carrier());
  }
}

void Upgrade(v1::Hello* hello) {
  if (!hello->has_host()) return;
  for (v1::Interface& interface : *hello->mutable_host()->mutable_interfaces()) {
    if (interface.kind().empty()) continue;
    interface.set_link_kind(LinkKindFromName(interface.kind()));
    interface.clear_kind();
  }
}

void Upgrade(v1::Run* run) {
  for (v1::Side& side : *run->mutable_sides()) {
    if (side.has_agent()) Upgrade(side.mutable_agent());
  }
  for (v1::SideObservation& kept : *run->mutable_observations()) Upgrade(kept.mutable_observation());
}

}  // namespace parallax::contract
