#include "controller/report/sheet/path.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/names.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/catalogue.h"
#include "controller/report/sheet/side.h"

namespace parallax::report {
namespace {

using compare::FindSide;
using compare::HostPort;
using compare::StepCell;
using compare::StepLabel;
using diagnose::Layer;

// What the target itself said to one side.
struct TargetSaid {
  const v1::Pair* pair = nullptr;
  const v1::StepSummary* connect = nullptr;
  const v1::StepSummary* ending = nullptr;  // the step that failed
};

class PathMaker {
 public:
  PathMaker(const v1::TargetReport& target, const v1::SideSummary& side)
      : comparison_(target.comparison()), side_(side), said_(Said()), layer_(LayerOf(target)) {
    path_.side = side.name();
  }

  Path Make() {
    AddStops();
    path_.legs.resize(path_.stops.size() - 1);
    if (!side_.present()) {
      path_.legs.front().words = side_.missing().empty() ? "this side gave no observation" : "this side is missing";
      return std::move(path_);
    }
    if (side_.has_health()) {
      path_.legs.front() = {side_.healthy() ? Crossing::kAccepted : Crossing::kBroken,
                            absl::StrCat("by the endpoint's own word: ", side_.health().says()),
                            {side_.name(), "", v1::STEP_KIND_UNSPECIFIED}};
      return std::move(path_);
    }
    if (BytesCame()) {
      AllProved();
    } else {
      UpToTheBreak();
    }
    return std::move(path_);
  }

 private:
  static std::optional<Layer> LayerOf(const v1::TargetReport& target) {
    const diagnose::Cause* cause = diagnose::FindCause(target.diagnosis().verdict().cause());
    if (cause == nullptr) return std::nullopt;
    return cause->layer;
  }

  TargetSaid Said() const {
    TargetSaid said;
    for (const v1::Pair& pair : comparison_.pairs()) {
      if (pair.role() != v1::TARGET) continue;
      // The address at which the sides part, where there is one.
      if (said.pair != nullptr && pair.probe() != comparison_.first_difference_probe()) continue;
      said = {&pair, nullptr, nullptr};
      const v1::SideOutcome* outcome = FindSide(pair, side_.name());
      if (outcome == nullptr) continue;
      said.connect = compare::FindStep(*outcome, v1::CONNECT, "");
      said.ending = compare::EndingStep(*outcome);
    }
    return said;
  }

  bool Carried() const {
    switch (side_.carrier().kind()) {
      case v1::TUN:
      case v1::KERNEL_TUNNEL:
      case v1::REDIRECTOR:
      case v1::PORT_FORWARD: return true;
      case v1::CARRIER_UNKNOWN: return side_.carrier().connections_size() > 0;
      default: return false;
    }
  }

  void AddStops() {
    path_.stops.push_back({Place::kHost, HostWords(side_), side_.vantage() == "local" ? "" : side_.vantage(), false});
    const v1::CarrierDetails& carrier = side_.carrier();
    if (!side_.has_health() && Carried()) {
      const bool named = !carrier.holder().name().empty();
      std::string tunnel = named ? carrier.holder().name() : carrier.interface();
      if (tunnel.empty()) tunnel = "the tunnel";
      path_.stops.push_back({Place::kTunnel, std::move(tunnel),
                             named
                                 ? absl::StrCat("process ", carrier.holder().pid(),
                                                carrier.interface().empty() ? "" : ", interface ", carrier.interface())
                                 : "no process of it was seen",
                             false});
      path_.stops.push_back({Place::kBastion, BastionAddress(), "", false});
      path_.stops.push_back({Place::kNetwork, "the VPC", "", false});
    } else if (!side_.has_health()) {
      const v1::RouteDetails& route = side_.route();
      std::string name = "the network";
      if (!route.interface().empty()) absl::StrAppend(&name, " by ", route.interface());
      path_.stops.push_back({Place::kNetwork, std::move(name),
                             route.gateway().empty() ? "" : absl::StrCat("gateway ", route.gateway()), false});
    }
    const v1::Target& target = comparison_.target();
    std::string address;
    if (said_.pair != nullptr) {
      const v1::SideOutcome* outcome = FindSide(*said_.pair, side_.name());
      address = outcome == nullptr || outcome->address().empty() ? said_.pair->address() : outcome->address();
    }
    const std::string name = target.host().empty() ? target.url() : HostPort(target.host(), target.port());
    path_.stops.push_back({Place::kTarget, name, address == target.host() ? "" : address, false});
  }

  std::string BastionAddress() const {
    if (!side_.banner().sample().banner().address().empty()) return side_.banner().sample().banner().address();
    for (const v1::CarrierConnection& connection : side_.carrier().connections()) {
      if (!connection.remote_address().empty()) return connection.remote_address();
    }
    return "the far end";
  }

  bool BytesCame() const { return side_.healthy() || side_.rung() >= v1::SERVER_BYTE; }

  Leg* LegTo(Place place) {
    for (size_t i = 1; i < path_.stops.size(); ++i) {
      if (path_.stops[i].place == place) return &path_.legs[i - 1];
    }
    return nullptr;
  }

  std::string TargetProbe() const { return said_.pair == nullptr ? "" : said_.pair->probe(); }

  std::string EndingWords() const {
    if (said_.ending == nullptr) return "the target did not answer as it should";
    return absl::StrCat(StepLabel(said_.ending->kind()), ": ", StepCell(*said_.ending));
  }

  v1::StepKind EndingKind() const { return said_.ending == nullptr ? v1::STEP_KIND_UNSPECIFIED : said_.ending->kind(); }

  void AllProved() {
    for (Leg& leg : path_.legs) leg.crossing = Crossing::kProved;
    if (Leg* leg = LegTo(Place::kBastion); leg != nullptr) Bastion(leg);
    if (Leg* leg = LegTo(Place::kNetwork); leg != nullptr && Carried()) Beyond(leg);
    for (Leg& leg : path_.legs) leg.crossing = Crossing::kProved;
    Leg& last = path_.legs.back();
    last.ref = {side_.name(), TargetProbe(), EndingKind()};
    last.words = absl::StrCat("the server's own bytes came back", RungWords());
    if (side_.healthy() || said_.ending == nullptr) return;
    // Some bytes pass, and not all that is due: a stage is lost on the way, or the server itself says no.
    if (layer_ == Layer::kStage) {
      last.crossing = Crossing::kBroken;
      last.words = absl::StrCat("bytes came back, but ", EndingWords());
    } else {
      path_.stops.back().fails = true;
      path_.stops.back().detail = EndingWords();
    }
  }

  std::string RungWords() const {
    return side_.rung() == v1::RUNG_UNSPECIFIED ? "" : absl::StrCat(": ", contract::Name(side_.rung()), " proved");
  }

  // The place before which the way breaks.
  Place Break() const {
    if (!Carried()) return layer_ == Layer::kRoute && !side_.healthy() ? Place::kNetwork : Place::kTarget;
    if (layer_.has_value()) {
      switch (*layer_) {
        case Layer::kRoute:
        case Layer::kTunnel: return Place::kTunnel;
        case Layer::kBastion:
        case Layer::kCarrier: return Place::kBastion;
        case Layer::kBeyond: return Place::kNetwork;
        default: return Place::kTarget;
      }
    }
    if (side_.has_banner() && side_.banner().failure() != v1::NONE) return Place::kBastion;
    if (side_.controls().positive_usable() > 0 && side_.controls().positive_answered() == 0) return Place::kNetwork;
    return Place::kTarget;
  }

  void UpToTheBreak() {
    const Place broken = Break();
    for (size_t i = 0; i < path_.legs.size(); ++i) {
      Leg& leg = path_.legs[i];
      Look(path_.stops[i + 1].place, &leg);
      if (path_.stops[i + 1].place != broken) continue;
      leg.crossing = Crossing::kBroken;
      for (size_t after = i + 1; after < path_.legs.size(); ++after) {
        path_.legs[after].words = "nothing got so far";
      }
      return;
    }
  }

  void Look(Place to, Leg* leg) {
    switch (to) {
      case Place::kTunnel: return Tunnel(leg);
      case Place::kBastion: return Bastion(leg);
      case Place::kNetwork: return Carried() ? Beyond(leg) : Network(leg);
      default: leg->words = EndingWords(); leg->ref = {side_.name(), TargetProbe(), EndingKind()};
    }
  }

  void Tunnel(Leg* leg) const {
    const bool connects = said_.connect != nullptr && said_.connect->failure() == v1::NONE;
    leg->crossing = Crossing::kAccepted;
    leg->ref = {side_.name(), TargetProbe(), v1::CONNECT};
    const v1::CarrierDetails& carrier = side_.carrier();
    if (carrier.holder_looked_for() && !carrier.has_holder() && carrier.kind() == v1::TUN) {
      leg->words = "no process holds the interface";
    } else if (!carrier.interface().empty() && !carrier.interface_up()) {
      leg->words = absl::StrCat("interface ", carrier.interface(), " is down");
    } else if (connects) {
      leg->words = absl::StrCat("connect accepted in ", StepCell(*said_.connect),
                                side_.locality() == v1::LOCAL ? ", on this very host" : "");
    } else {
      leg->words = carrier.interface().empty() ? "the tunnel takes it"
                                               : absl::StrCat("the route leads into ", carrier.interface());
    }
  }

  void Bastion(Leg* leg) const {
    leg->ref = {side_.name(), "", v1::BANNER};
    if (side_.has_banner()) {
      leg->crossing = side_.banner().failure() == v1::NONE ? Crossing::kProved : Crossing::kBroken;
      leg->words = absl::StrCat("a fresh connection: ", StepCell(side_.banner()));
      if (layer_ == Layer::kCarrier && leg->crossing == Crossing::kProved) {
        leg->words = absl::StrCat(leg->words, "; the tunnel's own connection is dead");
      }
      return;
    }
    if (side_.carrier().connections_size() > 0) {
      leg->crossing = Crossing::kAccepted;
      leg->words =
          absl::StrCat("the tunnel's own connection: ", contract::Name(side_.carrier().connections(0).tcp_state()));
      leg->ref.step = v1::CARRIER_FOUND;
    }
  }

  void Beyond(Leg* leg) const {
    const v1::Controls& controls = side_.controls();
    if (controls.positive_usable() == 0) return;
    leg->crossing = controls.positive_answered() > 0 ? Crossing::kProved : Crossing::kBroken;
    leg->words =
        absl::StrCat(controls.positive_answered(), " of ", controls.positive_usable(), " other endpoints there answer");
  }

  void Network(Leg* leg) const {
    const v1::RouteDetails& route = side_.route();
    const v1::Controls& controls = side_.controls();
    leg->ref = {side_.name(), "", v1::ROUTE_LOOKUP};
    if (controls.positive_answered() > 0) {
      leg->crossing = Crossing::kProved;
      leg->words = absl::StrCat(controls.positive_answered(), " other endpoints there answer");
    } else if (!route.interface().empty()) {
      leg->crossing = Crossing::kAccepted;
      leg->words = absl::StrCat("the route leads there, by ", route.interface());
    }
  }

  const v1::Comparison& comparison_;
  const v1::SideSummary& side_;
  const TargetSaid said_;
  const std::optional<Layer> layer_;
  Path path_;
};

}  // namespace

std::vector<Path> Paths(const v1::TargetReport& target) {
  std::vector<Path> paths;
  for (const v1::SideSummary& side : target.comparison().sides()) paths.push_back(PathMaker(target, side).Make());
  return paths;
}

std::string CrossingWords(Crossing crossing) {
  switch (crossing) {
    case Crossing::kProved: return "proved";
    case Crossing::kAccepted: return "accepted, which proves nothing";
    case Crossing::kBroken: return "broken";
    case Crossing::kUnseen: return "not seen";
  }
  return "";
}

std::string PathWords(const Path& path) {
  std::string words;
  for (size_t i = 0; i < path.legs.size(); ++i) {
    const Leg& leg = path.legs[i];
    absl::StrAppend(&words, i == 0 ? "" : "; ", path.stops[i].name, " to ", path.stops[i + 1].name, ": ",
                    CrossingWords(leg.crossing), leg.words.empty() ? "" : absl::StrCat(" (", leg.words, ")"));
  }
  return absl::StrCat(words, ".");
}

}  // namespace parallax::report
