#include "controller/compare/locality.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/roles.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

constexpr uint32_t kEnoughNegatives = 2;

bool Connected(const v1::SideOutcome& outcome) {
  const v1::StepSummary* connect = MainStep(outcome, v1::CONNECT);
  return connect != nullptr && connect->succeeded() > 0;
}

// The reference tried it and did not connect, in any attempt. A connect that never left the reference host tells
// nothing.
bool UsableNegative(const v1::SideOutcome* reference) {
  const v1::StepSummary* connect =
      reference == nullptr || !reference->present() ? nullptr : MainStep(*reference, v1::CONNECT);
  if (connect == nullptr || connect->succeeded() > 0) return false;
  return connect->failure() == v1::REFUSED || connect->failure() == v1::TIMED_OUT ||
         connect->failure() == v1::UNREACHABLE;
}

bool AnyNegativeConnected(const std::vector<const v1::Pair*>& pairs, const std::string& side) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const v1::Pair* pair) {
    const v1::SideOutcome* outcome = pair->role() == v1::NEGATIVE_CONTROL ? FindSide(*pair, side) : nullptr;
    return outcome != nullptr && Connected(*outcome);
  });
}

std::string RouteInterface(const std::vector<const v1::Pair*>& routes, const std::string& side,
                           const std::string& address) {
  for (const v1::Pair* pair : routes) {
    if (pair->address() != address) continue;
    const v1::SideOutcome* outcome = FindSide(*pair, side);
    const v1::StepSummary* lookup = outcome == nullptr ? nullptr : MainStep(*outcome, v1::ROUTE_LOOKUP);
    if (lookup != nullptr) return lookup->sample().route().interface();
  }
  return "";
}

// The quickest connect to anything that this tunnel carries; max when none.
int64_t BestConnect(const std::vector<const v1::Pair*>& pairs, const std::string& side, bool target_only) {
  int64_t best = std::numeric_limits<int64_t>::max();
  for (const v1::Pair* pair : pairs) {
    const bool counts = pair->role() == v1::TARGET || (!target_only && pair->role() == v1::NEGATIVE_CONTROL);
    if (!counts) continue;
    const v1::SideOutcome* outcome = FindSide(*pair, side);
    if (outcome == nullptr) continue;
    for (const v1::Observation& observation : outcome->observations()) {
      for (const v1::Step& step : observation.steps()) {
        if (step.kind() == v1::CONNECT && step.failure() == v1::NONE) best = std::min(best, step.duration_ns());
      }
    }
  }
  return best;
}

bool DialsElsewhere(const std::vector<const v1::Pair*>& pairs, const std::string& side) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const v1::Pair* pair) {
    const v1::SideOutcome* outcome = FindSide(*pair, side);
    return outcome != nullptr && outcome->observations_size() > 0 && outcome->observations(0).via_connect_to();
  });
}

int64_t ReferenceRtt(const v1::SideSummary& side) {
  int64_t best = std::numeric_limits<int64_t>::max();
  for (const int64_t connect_ns : side.banner().sample().banner().connect_ns()) best = std::min(best, connect_ns);
  // The carrier's own smallest round trip stands in when no fresh connection succeeds.
  if (best == std::numeric_limits<int64_t>::max()) {
    for (const v1::CarrierConnection& connection : side.carrier().connections()) {
      if (connection.tcp_state() == v1::TCP_STATE_ESTABLISHED && connection.min_rtt_ns() > 0) {
        best = std::min(best, connection.min_rtt_ns());
      }
    }
  }
  return best == std::numeric_limits<int64_t>::max() ? 0 : best;
}

}  // namespace

bool CarrierCannotCarry(const v1::SideSummary& side) {
  const v1::CarrierDetails& carrier = side.carrier();
  const bool over_tcp = carrier.kind() == v1::REDIRECTOR ||
                        (carrier.kind() == v1::TUN && (side.has_banner() || carrier.connections_size() > 0));
  if (!over_tcp || carrier.not_permitted() || !carrier.holder_looked_for()) return false;
  return std::none_of(
      carrier.connections().begin(), carrier.connections().end(),
      [](const v1::CarrierConnection& connection) { return connection.tcp_state() == v1::TCP_STATE_ESTABLISHED; });
}

void FillControls(const std::vector<const v1::Pair*>& pairs, const std::vector<const v1::Pair*>& routes,
                  v1::SideSummary* side) {
  v1::Controls* controls = side->mutable_controls();
  std::string target_interface;
  for (const v1::Pair* pair : pairs) {
    if (pair->role() == v1::TARGET && target_interface.empty()) {
      target_interface = RouteInterface(routes, side->name(), pair->address());
    }
  }
  for (const v1::Pair* pair : pairs) {
    const v1::SideOutcome* reference = FindSide(*pair, kReference);
    const v1::SideOutcome* own = FindSide(*pair, side->name());
    if (own == nullptr || !own->present()) continue;
    // A forward leads to one destination only: the others take another way.
    if (side->carrier().kind() == v1::PORT_FORWARD && DialsElsewhere(pairs, side->name())) continue;
    if (pair->role() == v1::NEGATIVE_CONTROL) {
      // Where no reference was asked, one that did not connect here cannot be an open port, and vouches for this side,
      // as long as no other of them connected.
      const bool asked_of_reference = reference != nullptr && reference->present();
      if (!UsableNegative(asked_of_reference ? reference : own) ||
          (!asked_of_reference && AnyNegativeConnected(pairs, side->name()))) {
        controls->set_negative_discarded(controls->negative_discarded() + 1);
        continue;
      }
      controls->set_negative_usable(controls->negative_usable() + 1);
      const v1::StepSummary* connect = MainStep(*own, v1::CONNECT);
      if (Connected(*own)) {
        controls->set_negative_connected(controls->negative_connected() + 1);
      } else if (connect != nullptr && connect->failure() == v1::REFUSED) {
        controls->set_negative_refused(controls->negative_refused() + 1);
        const bool own_address = std::any_of(pairs.begin(), pairs.end(), [&](const v1::Pair* other) {
          return other->role() == v1::TARGET && other->address() == pair->address();
        });
        if (own_address) controls->set_host_up_by_refusal(true);
      } else {
        controls->set_negative_silent(controls->negative_silent() + 1);
      }
    }
    if (pair->role() == v1::POSITIVE_CONTROL && reference != nullptr && Answered(*reference)) {
      // What takes another way than the target says nothing about the target's.
      const std::string interface = RouteInterface(routes, side->name(), pair->address());
      if (!target_interface.empty() && !interface.empty() && interface != target_interface) continue;
      controls->set_positive_usable(controls->positive_usable() + 1);
      if (Answered(*own)) {
        controls->set_positive_answered(controls->positive_answered() + 1);
      } else {
        controls->set_positive_failed(controls->positive_failed() + 1);
      }
    }
  }
}

void FillLocality(const std::vector<const v1::Pair*>& pairs, v1::SideSummary* side) {
  side->set_reference_rtt_ns(ReferenceRtt(*side));
  const v1::Controls& controls = side->controls();
  const v1::CarrierDetails& carrier = side->carrier();
  const bool forward = carrier.kind() == v1::PORT_FORWARD && DialsElsewhere(pairs, side->name());
  const int64_t best = BestConnect(pairs, side->name(), forward);
  const auto decide = [&](v1::Locality locality, std::string why) {
    side->set_locality(locality);
    side->set_locality_why(std::move(why));
  };
  if (best == std::numeric_limits<int64_t>::max()) return decide(v1::UNKNOWN_LOCALITY, "nothing connected");
  // A loopback address that was meant is the target itself, and no forward to it.
  if (carrier.kind() == v1::REDIRECTOR || forward) {
    return decide(v1::LOCAL,
                  absl::StrCat("the connection ends on this host, at ",
                               carrier.redirected_to().empty() ? carrier.holder().name() : carrier.redirected_to()));
  }
  if (controls.negative_usable() > 0 && controls.negative_connected() == 0) {
    return decide(v1::REMOTE, "what must not connect does not");
  }
  if (CarrierCannotCarry(*side)) {
    return decide(v1::LOCAL, "it is accepted while the tunnel has no established connection to anywhere");
  }
  if (controls.negative_connected() < kEnoughNegatives) {
    return decide(v1::UNKNOWN_LOCALITY, "too few usable controls");
  }
  const std::string accepted = absl::StrCat(controls.negative_connected(), " of ", controls.negative_usable(),
                                            " addresses and ports that must not connect were accepted");
  // Without a tunnel of this host's, whoever accepts for an address where nobody is stands somewhere on the way.
  if (carrier.kind() == v1::DIRECT) return decide(v1::MIDDLEBOX, accepted);
  const int64_t rtt = side->reference_rtt_ns();
  if (rtt == 0) return decide(v1::UNKNOWN_LOCALITY, accepted);
  const double share = static_cast<double>(best) / static_cast<double>(rtt);
  const std::string timing =
      absl::StrCat(accepted, ", in ", Duration(best), ", with ", Duration(rtt), " to the bastion");
  // A process on this host that holds the interface is a second witness where the clock alone is none.
  const bool held_here = carrier.kind() == v1::TUN && carrier.holder().pid() > 0;
  if (share < kLocalShare && (rtt >= kMinTellingRttNs || held_here)) return decide(v1::LOCAL, timing);
  if (share >= 1.0 && rtt >= kMinTellingRttNs) return decide(v1::MIDDLEBOX, timing);
  decide(v1::UNKNOWN_LOCALITY, timing);
}

}  // namespace parallax::compare
