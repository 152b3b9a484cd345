// The tunnel: is one there, and does its process run?
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "contract/names.h"
#include "contract/tunnel_kinds.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"

namespace parallax::diagnose {
namespace {

constexpr int64_t kOnThisHostNs = 1'000'000;  // what lies beyond a gateway takes longer to refuse

// "127.0.0.1:15432": where the side really dialled.
std::string DialledAt(const View& view) {
  for (const v1::Observation& observation : view.ours->observations()) {
    for (const v1::Connection& connection : observation.connections()) return connection.remote_address();
  }
  return view.ours->address();
}

bool HasTunnelInterface(const v1::SideSummary& side) {
  const auto& interfaces = side.agent().host().interfaces();
  return std::any_of(interfaces.begin(), interfaces.end(),
                     [](const v1::Interface& interface) { return contract::IsTunnelKind(interface.link_kind()); });
}

Reading& OnTunnel(const View& view, std::string text, Reading* reading) {
  return reading->Because(std::move(text), view.subject_name, view.tunnel_probe, v1::CARRIER_FOUND);
}

}  // namespace

Reading FailsBeforeFirstByte(const View& view) {
  if (view.subject == nullptr || view.ours == nullptr) return Unknown();
  if (!view.subject_fails() || view.how == How::kFine || view.how == How::kLater) return No();
  Reading reading = Yes();
  if (const v1::StepSummary* end = EndingStep(*view.ours)) {
    reading.Because(absl::StrCat(compare::StepLabel(end->kind()), " to the target: ", compare::StepCell(*end)),
                    *view.ours, view.pair->probe(), *end);
  }
  return reading;
}

Reading TunnelCarriesIt(const View& view) {
  if (view.subject == nullptr || !view.subject->has_carrier()) return Unknown();
  return If(HasTunnel(*view.subject));
}

Reading ProcessIsStopped(const View& view) {
  if (view.subject == nullptr || !view.subject->has_carrier()) return Unknown();
  const v1::Process* stopped = Stopped(*view.subject);
  if (stopped == nullptr) return No();
  Reading reading = Yes();
  OnTunnel(view, absl::StrCat("the state of pid ", stopped->pid(), " is ", contract::Name(stopped->process_state())),
           &reading);
  return reading.Word("stopped", absl::StrCat(stopped->name(), " (pid ", stopped->pid(), ")"))
      .Word("state", contract::Name(stopped->process_state()))
      .Word("waiting_pid", stopped->process_state() == v1::PROCESS_STATE_STOPPED ? absl::StrCat(stopped->pid()) : "");
}

Reading InterfaceHasNoCarrier(const View& view) {
  if (view.subject == nullptr || view.subject->carrier().kind() != v1::TUN) return Unknown();
  const v1::CarrierDetails& carrier = view.subject->carrier();
  if (carrier.interface_carrier() || carrier.holder().pid() != 0) return No();
  Reading reading = Yes();
  OnTunnel(view, absl::StrCat("interface ", carrier.interface(), " has no carrier: no process holds it"), &reading);
  return reading;
}

Reading NoProcessHoldsInterface(const View& view) {
  if (view.subject == nullptr || view.subject->carrier().kind() != v1::TUN) return Unknown();
  const v1::CarrierDetails& carrier = view.subject->carrier();
  if (!carrier.holder_looked_for()) return Unknown();
  if (carrier.holder().pid() != 0) return No();
  Reading reading = Yes();
  OnTunnel(view, absl::StrCat("no process of this host holds ", carrier.interface()), &reading);
  return reading;
}

// The route was a tunnel's when it was looked up, and at the later look no tunnel was there.
Reading TunnelEndedMeanwhile(const View& view) {
  if (view.subject == nullptr || view.ours == nullptr) return Unknown();
  const v1::CarrierDetails& carrier = view.subject->carrier();
  const v1::RouteDetails& route = view.subject->route();
  if (carrier.kind() == v1::DIRECT && contract::IsTunnelKind(route.link_kind()) && !carrier.interface().empty() &&
      carrier.interface() != route.interface()) {
    Reading reading = Yes();
    OnTunnel(view,
             absl::StrCat("first the route of the target was by ", route.interface(), ", later it was by ",
                          carrier.interface()),
             &reading);
    return reading.Word("ended", route.interface());
  }
  // Nothing behind a tunnel that looked well: it may have ended since it was looked at.
  const bool silent = view.how == How::kSilent || view.how == How::kUnreachable;
  if (!view.subject_fails() || !HasTunnel(*view.subject) || view.others == Others::kAnswer || !silent) return No();
  const auto looks = PairsWith(view.comparison, v1::TUNNEL);
  const bool again = std::any_of(looks.begin(), looks.end(), [&](const v1::Pair* pair) {
    return pair->address() == view.pair->address() && pair->probe() != view.tunnel_probe;
  });
  return again ? No() : NotAskedYet();
}

// A local port that should lead to the target, with nobody behind it.
Reading ForwardPortRefuses(const View& view) {
  if (view.subject == nullptr || view.ours == nullptr) return Unknown();
  const v1::StepSummary* connect = StepOf(view.ours, v1::CONNECT);
  const bool dials_local = view.ours->address().rfind("127.", 0) == 0 || view.ours->address() == "::1";
  const bool meant_elsewhere = view.ours->observations_size() > 0 && view.ours->observations(0).via_connect_to();
  if (!dials_local || !meant_elsewhere || connect == nullptr) return No();
  return If(connect->failure() == v1::REFUSED).Word("forward", DialledAt(view));
}

Reading EntranceIsBroken(const View& view) {
  if (view.subject == nullptr) return Unknown();
  if (view.others != Others::kFail || !SocksCarries(*view.subject)) return No();
  return Yes().Because("CONNECT to a destination that must answer, spoken to the SOCKS port, succeeds",
                       view.subject_name, view.tunnel_probe, v1::SOCKS_CONNECT);
}

// Refused far quicker than anything beyond a gateway could, and everywhere: a redirection to a port where nobody is.
Reading RefusedHereEverywhere(const View& view) {
  const v1::StepSummary* connect = StepOf(view.ours, v1::CONNECT);
  if (view.subject == nullptr || connect == nullptr) return Unknown();
  return If(view.subject->carrier().kind() == v1::DIRECT && view.how == How::kRefused && view.others == Others::kFail &&
            connect->min_ns() < kOnThisHostNs && !view.subject->route().connected());
}

// A private address, no tunnel's interface anywhere, and the way out to the internet: nothing is there to carry it.
Reading NoTunnelIsThere(const View& view) {
  const v1::StepSummary* connect = StepOf(view.ours, v1::CONNECT);
  if (view.subject == nullptr || connect == nullptr) return Unknown();
  const v1::SideSummary& side = *view.subject;
  // A provider may refuse what is not routed in the internet, rather than drop it; then it refuses everything.
  const bool nothing_there = view.how == How::kSilent || view.how == How::kUnreachable ||
                             (view.how == How::kRefused && view.others == Others::kFail);
  if (side.carrier().kind() != v1::DIRECT || side.same_place_as_bastion() || !nothing_there ||
      connect->succeeded() > 0 || !view.reference_healthy() || !LeavesByDefault(side.route()) ||
      !IsPrivateAddress(view.pair->address()) || HasTunnelInterface(side)) {
    return No();
  }
  Reading reading = Yes();
  OnTunnel(view, "no tunnel's interface is on this host, and nothing redirects the connection", &reading);
  return reading.Word("uncarried", view.pair->address()).Word("way_out", side.route().interface());
}

// A redirector that still accepts, and has nothing to hand the connection to.
Reading NothingBehindRedirector(const View& view) {
  if (view.subject == nullptr || view.subject->carrier().kind() != v1::REDIRECTOR) return Unknown();
  const v1::CarrierDetails& carrier = view.subject->carrier();
  if (!carrier.holder_looked_for() || carrier.holder().pid() == 0) return Unknown();
  if (!carrier.connections().empty() || !carrier.socks().empty() || view.subject->has_banner()) return No();
  Reading reading = Yes();
  OnTunnel(view, "no process behind it keeps a connection to anywhere, and its SOCKS port has no listener", &reading);
  return reading;
}

}  // namespace parallax::diagnose
