// route.*: where this laptop's own kernel sends the packets.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "contract/tunnel_kinds.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"

namespace parallax::diagnose {
namespace {

// A tunnel's interface, up, that the target's route does not take; nullptr when there is none.
const v1::Interface* IdleTunnel(const v1::SideSummary& side) {
  for (const v1::Interface& interface : side.agent().host().interfaces()) {
    if (contract::IsTunnelKind(interface.kind()) && interface.up() && interface.name() != side.route().interface()) {
      return &interface;
    }
  }
  return nullptr;
}

// The device of a route in words, "10.0.4.0/22 dev tun1 metric 100"; "" when it names none.
std::string DeviceOf(const std::string& route) {
  const std::vector<std::string> words = absl::StrSplit(route, ' ');
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "dev") return words[i + 1];
  }
  return "";
}

// Other routes that contain the destination and leave by a tunnel.
std::vector<std::string> TunnelRoutes(const v1::SideSummary& side) {
  std::vector<std::string> found;
  for (const std::string& competing : side.route().competing_prefixes()) {
    for (const v1::Interface& interface : side.agent().host().interfaces()) {
      if (contract::IsTunnelKind(interface.kind()) && DeviceOf(competing) == interface.name()) {
        found.push_back(competing);
      }
    }
  }
  return found;
}

// The same network that the inside stands in: then a connected route is no mistake.
bool SharesNetwork(const v1::SideSummary& inside, const v1::SideSummary& outside) {
  for (const v1::Interface& theirs : inside.agent().host().interfaces()) {
    for (const v1::Interface& ours : outside.agent().host().interfaces()) {
      if (ours.name() != outside.route().interface()) continue;
      for (const std::string& address : theirs.addresses()) {
        const std::string bare = address.substr(0, address.find('/'));
        if (bare == outside.route().gateway()) return true;
      }
    }
  }
  return inside.route().connected() &&
         inside.agent().host().network_namespace() == outside.agent().host().network_namespace();
}

std::string PacketWords(const v1::RouteDetails& route) {
  return absl::StrCat(route.destination(), " leaves by ", route.interface(),
                      route.gateway().empty() ? "" : absl::StrCat(" via ", route.gateway()), ", by the route ",
                      route.matched_prefix());
}

}  // namespace

std::optional<v1::Finding> MatchOverlap(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  // Another host that answers at the same address is as telling as none.
  const bool another = facts.outside != nullptr && facts.inside_fine() && facts.outside->healthy() &&
                       comparison.status() == v1::DIVERGED && facts.out != nullptr;
  if ((!facts.outside_fails() && !another) || facts.pair == nullptr) return std::nullopt;
  const v1::SideSummary& side = *facts.outside;
  const v1::RouteDetails& route = side.route();
  const bool is_local = route.connected() || (!IsDefaultPrefix(route) && !route.matched_prefix().empty());
  const bool no_tunnel = side.carrier().kind() == v1::DIRECT || !side.has_carrier();
  if (!is_local || !no_tunnel || contract::IsTunnelKind(route.interface_kind()) || route.interface_kind() == "loopback")
    return std::nullopt;
  const std::vector<std::string> covered = TunnelRoutes(side);
  const v1::Interface* idle = IdleTunnel(side);
  // Without a tunnel that was meant to carry it, a local route is the way that someone chose.
  if (covered.empty() && !(route.connected() && idle != nullptr)) return std::nullopt;
  if (facts.inside != nullptr && SharesNetwork(*facts.inside, side)) return std::nullopt;
  FindingBuilder finding(covered.empty() ? 0.85 : 0.95,
                         absl::StrCat("A network of this host covers ", route.destination(), ": its packets go to ",
                                      route.interface(), ", a network here, and never enter the tunnel."));
  finding.Because(absl::StrCat(PacketWords(route), route.connected() ? ", as a neighbour" : ""), "outside",
                  "route " + route.destination(), v1::ROUTE_LOOKUP);
  if (!covered.empty()) {
    finding.Because(
        absl::StrCat("the tunnel's route ", absl::StrJoin(covered, ", "), " is less specific or comes later"),
        "outside", "route " + route.destination(), v1::ROUTE_LOOKUP);
  } else {
    finding.Because(absl::StrCat("the tunnel's interface ", idle->name(), " is up and gets none of it"), "outside");
  }
  if (!route.neighbour_state().empty() && route.neighbour_state() != "reachable") {
    finding.Because(absl::StrCat("as a neighbour it is ", route.neighbour_state()), "outside",
                    "route " + route.destination(), v1::ROUTE_LOOKUP);
  }
  if (const v1::StepSummary* end = EndingStep(*facts.out)) {
    finding.Because(absl::StrCat(compare::StepLabel(end->kind()), ": ", compare::StepCell(*end)), "outside",
                    facts.pair->probe(), end->kind());
  }
  return finding.Build();
}

std::optional<v1::Finding> MatchNotThroughTunnel(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!facts.outside_fails() || facts.pair == nullptr || !facts.both()) return std::nullopt;
  const v1::SideSummary& side = *facts.outside;
  const v1::RouteDetails& route = side.route();
  const v1::StepSummary* connect = StepOf(facts.out, v1::CONNECT);
  const bool no_route = connect != nullptr && connect->failure() == v1::NO_ROUTE;
  const bool by_default = LeavesByDefault(route);
  if (side.carrier().kind() != v1::DIRECT && side.has_carrier() && !no_route) return std::nullopt;
  if (!no_route && (!by_default || contract::IsTunnelKind(route.interface_kind()))) return std::nullopt;
  // What others answer says nothing of an address that this host has no route to.
  if (!facts.inside_fine() || (facts.others == Others::kAnswer && !no_route)) return std::nullopt;
  // The connect itself never came back: whatever answers it is not lost for want of a route.
  if (facts.outside_how != How::kSilent && facts.outside_how != How::kUnreachable) return std::nullopt;
  if (connect == nullptr || connect->succeeded() > 0) return std::nullopt;
  const v1::Interface* idle = IdleTunnel(side);
  // With no tunnel there at all it is not the route that is missing.
  if (idle == nullptr && !no_route) return std::nullopt;
  FindingBuilder finding(idle != nullptr || no_route ? 0.88 : 0.65,
                         no_route ? absl::StrCat("This host has no route to ", facts.pair->address(), ".")
                                  : absl::StrCat("Packets to ", facts.pair->address(), " leave by ", route.interface(),
                                                 ", this host's way to the internet, and not by a tunnel."));
  if (!no_route) finding.Because(PacketWords(route), "outside", "route " + route.destination(), v1::ROUTE_LOOKUP);
  finding.Because(absl::StrCat("connect: ", compare::StepCell(*connect)), "outside", facts.pair->probe(), v1::CONNECT);
  if (idle != nullptr) {
    finding.Because(
        absl::StrCat("the tunnel's interface ", idle->name(), " is up, and no route of it covers the address"),
        "outside");
    finding.OrElse("tunnel.not_running",
                   absl::StrCat("is ", idle->name(), " the tunnel that should carry this address?"));
  } else {
    finding.OrElse("tunnel.not_running", "is the tunnel that should carry this address started on this host?");
    finding.OrElse("vpc.dropped_beyond_bastion", "without a tunnel: do the firewalls on the way let this host in?");
  }
  finding.Because(InsideWords(facts), "inside", facts.pair->probe());
  return finding.Build();
}

}  // namespace parallax::diagnose
