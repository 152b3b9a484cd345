// Where the subject's own kernel sends the packets.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/names.h"
#include "contract/tunnel_kinds.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"

namespace parallax::diagnose {
namespace {

// A tunnel's interface, up, that the target's route does not take; nullptr when there is none.
const v1::Interface* IdleTunnel(const v1::SideSummary& side) {
  for (const v1::Interface& interface : side.agent().host().interfaces()) {
    if (contract::IsTunnelKind(interface.link_kind()) && interface.up() &&
        interface.name() != side.route().interface()) {
      return &interface;
    }
  }
  return nullptr;
}

// Other routes that contain the destination and leave by a tunnel.
std::vector<std::string> TunnelRoutes(const v1::SideSummary& side) {
  std::vector<std::string> found;
  for (const v1::CompetingRoute& competing : side.route().competing_routes()) {
    for (const v1::Interface& interface : side.agent().host().interfaces()) {
      if (contract::IsTunnelKind(interface.link_kind()) && competing.interface() == interface.name())
        found.push_back(absl::StrCat(competing.prefix(), " dev ", competing.interface()));
    }
  }
  return found;
}

bool NoTunnelCarries(const v1::SideSummary& side) { return side.carrier().kind() == v1::DIRECT || !side.has_carrier(); }

bool HasNoRoute(const View& view) {
  const v1::StepSummary* connect = StepOf(view.ours, v1::CONNECT);
  return connect != nullptr && connect->failure() == v1::NO_ROUTE;
}

std::string PacketWords(const v1::RouteDetails& route) {
  return absl::StrCat(route.destination(), " leaves by ", route.interface(),
                      route.gateway().empty() ? "" : absl::StrCat(" via ", route.gateway()), ", by the route ",
                      route.matched_prefix());
}

Reading& OnRoute(const View& view, std::string text, Reading* reading) {
  return reading->Because(std::move(text), view.subject_name, view.route_probe, v1::ROUTE_LOOKUP);
}

}  // namespace

Reading SubjectFailsOrMeetsAnother(const View& view) {
  if (view.subject == nullptr || view.pair == nullptr || view.ours == nullptr) return Unknown();
  // Another host that answers at the same address is as telling as none.
  const bool another = view.reference_healthy() && view.subject->healthy() && view.status == v1::DIVERGED;
  Reading reading = If(view.subject_fails() || another);
  if (const v1::StepSummary* end = EndingStep(*view.ours); end != nullptr && reading.yes()) {
    reading.Because(absl::StrCat(compare::StepLabel(end->kind()), ": ", compare::StepCell(*end)), *view.ours,
                    view.pair->probe(), *end);
  }
  return reading;
}

Reading LocalNetworkTakesIt(const View& view) {
  if (view.subject == nullptr || !view.subject->has_route()) return Unknown();
  const v1::RouteDetails& route = view.subject->route();
  const bool is_local = route.connected() || (!IsDefaultPrefix(route) && !route.matched_prefix().empty());
  const bool of_a_tunnel = contract::IsTunnelKind(route.link_kind()) || route.link_kind() == v1::LINK_KIND_LOOPBACK;
  if (!is_local || !NoTunnelCarries(*view.subject) || of_a_tunnel) return No();
  Reading reading = Yes();
  OnRoute(view, absl::StrCat(PacketWords(route), route.connected() ? ", as a neighbour" : ""), &reading);
  if (route.neighbour() != v1::NEIGHBOUR_STATE_UNSPECIFIED && route.neighbour() != v1::NEIGHBOUR_STATE_REACHABLE) {
    OnRoute(view, absl::StrCat("as a neighbour it is ", contract::Name(route.neighbour())), &reading);
  }
  return reading.Word("destination", route.destination());
}

Reading TunnelRouteCoversIt(const View& view) {
  if (view.subject == nullptr || !view.subject->has_route()) return Unknown();
  const std::vector<std::string> covered = TunnelRoutes(*view.subject);
  if (covered.empty()) return No();
  Reading reading = Yes();
  OnRoute(view, absl::StrCat("the tunnel's route ", absl::StrJoin(covered, ", "), " is less specific or comes later"),
          &reading);
  return reading;
}

Reading IsANeighbour(const View& view) {
  if (view.subject == nullptr || !view.subject->has_route()) return Unknown();
  return If(view.subject->route().connected());
}

Reading IdleTunnelIsUp(const View& view) {
  if (view.subject == nullptr || !view.subject->has_agent()) return Unknown();
  const v1::Interface* idle = IdleTunnel(*view.subject);
  if (idle == nullptr) return No();
  return Yes()
      .Because(absl::StrCat("the tunnel's interface ", idle->name(), " is up, and gets none of it"), view.subject_name)
      .Word("idle", idle->name());
}

Reading TunnelWasMeant(const View& view) {
  if (view.subject == nullptr) return Unknown();
  // Without a tunnel that was meant to carry it, a local route is the way that someone chose.
  return If(IdleTunnel(*view.subject) != nullptr || !TunnelRoutes(*view.subject).empty());
}

Reading StandsInReferencesNetwork(const View& view) {
  if (!view.both()) return Unknown();
  const v1::SideSummary& subject = *view.subject;
  const v1::SideSummary& reference = *view.reference;
  const std::string& gateway = subject.route().gateway();
  for (const v1::Interface& theirs : reference.agent().host().interfaces()) {
    for (const std::string& address : theirs.addresses()) {
      if (!gateway.empty() && address.substr(0, address.find('/')) == gateway) return Yes();
    }
  }
  return If(reference.route().connected() &&
            reference.agent().host().network_namespace() == subject.agent().host().network_namespace());
}

Reading NoRouteHere(const View& view) {
  const v1::StepSummary* connect = StepOf(view.ours, v1::CONNECT);
  if (connect == nullptr || view.subject == nullptr) return Unknown();
  if (!HasNoRoute(view)) return No();
  return Yes()
      .Because(absl::StrCat("connect: ", compare::StepCell(*connect)), *view.ours, view.pair->probe(), *connect)
      .Word("unrouted", view.pair->address());
}

Reading LeavesByDefaultRoute(const View& view) {
  if (view.subject == nullptr) return Unknown();
  if (HasNoRoute(view)) return Yes();  // it leaves by none
  if (!view.subject->has_route()) return Unknown();
  const v1::RouteDetails& route = view.subject->route();
  if (!NoTunnelCarries(*view.subject) || !LeavesByDefault(route)) return No();
  Reading reading = Yes();
  OnRoute(view, PacketWords(route), &reading);
  return reading.Word("way_out", route.interface());
}

Reading OthersAnswerByDefault(const View& view) {
  if (view.subject == nullptr || view.others == Others::kUnknown) return Unknown();
  // What others answer says nothing of an address that this host has no route to.
  return HasNoRoute(view) ? Unknown() : If(view.others == Others::kAnswer);
}

Reading NoConnectComesBack(const View& view) {
  const v1::StepSummary* connect = StepOf(view.ours, v1::CONNECT);
  if (!view.subject_fails() || connect == nullptr) return Unknown();
  // Whatever answers it is not lost for want of a route.
  const bool lost = view.how == How::kSilent || view.how == How::kUnreachable;
  if (!lost || connect->succeeded() > 0) return No();
  return Yes().Because(absl::StrCat("connect: ", compare::StepCell(*connect)), *view.ours, view.pair->probe(),
                       *connect);
}

}  // namespace parallax::diagnose
