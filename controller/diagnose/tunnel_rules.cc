// tunnel.*: the process, its connection to the bastion, and what that carries.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "contract/tunnel_kinds.h"
#include "controller/compare/locality.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"
#include "controller/diagnose/tunnel_evidence.h"

namespace parallax::diagnose {
namespace {

using compare::Duration;

constexpr int64_t kQuickNs =
    5'000'000;  // the word of the catalogue for an end on this host, where no round trip is known
constexpr int64_t kOnThisHostNs = 1'000'000;  // what lies beyond a gateway takes longer to refuse

// What does not answer inside either is turned down for a reason of its own.
bool AnswersInside(const v1::Comparison& comparison, const std::string& destination) {
  for (const v1::Pair* pair : PairsWith(comparison, v1::POSITIVE_CONTROL)) {
    const v1::SideOutcome* inside = compare::FindSide(*pair, "inside");
    if (compare::HostPort(pair->address(), pair->port()) != destination || inside == nullptr) continue;
    if (compare::Answered(*inside)) return true;
  }
  return false;
}

// "127.0.0.1:15432": where the side really dialled.
std::string DialledAt(const Facts& facts) {
  for (const v1::Observation& observation : facts.out->observations()) {
    for (const v1::Connection& connection : observation.connections()) return connection.remote_address();
  }
  return facts.out->address();
}

bool HasTunnelInterface(const v1::SideSummary& side) {
  const auto& interfaces = side.agent().host().interfaces();
  return std::any_of(interfaces.begin(), interfaces.end(),
                     [](const v1::Interface& interface) { return contract::IsTunnelKind(interface.kind()); });
}

}  // namespace

std::optional<v1::Finding> MatchNotRunning(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!FailsOnTheWay(facts) || facts.others == Others::kAnswer) return std::nullopt;
  const v1::SideSummary& side = *facts.outside;
  const v1::CarrierDetails& carrier = side.carrier();
  const std::string probe = TunnelProbe(facts);
  if (const v1::Process* stopped = Stopped(side)) {
    FindingBuilder finding(0.97, absl::StrCat("The tunnel's process ", stopped->name(), " (pid ", stopped->pid(),
                                              ") is there and does not run: it is ", stopped->state(), "."));
    finding.Because(absl::StrCat("the state of pid ", stopped->pid(), " is ", stopped->state()), "outside", probe,
                    v1::CARRIER_FOUND);
    TellTarget(facts, &finding);
    TellControls(facts, &finding);
    TellInside(facts, &finding);
    if (stopped->state() == "stopped") finding.Do(absl::StrCat("kill -CONT ", stopped->pid()));
    return finding.Build();
  }
  const bool holder_gone = carrier.kind() == v1::TUN && carrier.holder_looked_for() && carrier.holder().pid() == 0;
  const bool no_carrier = carrier.kind() == v1::TUN && !carrier.interface_carrier() && carrier.holder().pid() == 0;
  if (holder_gone || no_carrier) {
    FindingBuilder finding(no_carrier ? 0.97 : 0.93,
                           absl::StrCat("The tunnel's process is gone. Its interface ", carrier.interface(),
                                        " and its routes stayed behind, and swallow every packet."));
    if (no_carrier) {
      finding.Because(absl::StrCat("interface ", carrier.interface(), " has no carrier: no process holds it"),
                      "outside", probe, v1::CARRIER_FOUND);
    }
    if (holder_gone) {
      finding.Because(absl::StrCat("no process of this host holds ", carrier.interface()), "outside", probe,
                      v1::CARRIER_FOUND);
    }
    TellTarget(facts, &finding);
    TellInside(facts, &finding);
    return finding.Build();
  }
  // The route was a tunnel's when it was looked up, and at the later look no tunnel was there.
  if (carrier.kind() == v1::DIRECT && contract::IsTunnelKind(side.route().interface_kind()) &&
      !carrier.interface().empty() && carrier.interface() != side.route().interface()) {
    FindingBuilder finding(0.88, absl::StrCat("The tunnel ended while it was looked at: its interface ",
                                              side.route().interface(), " was there, and is gone."));
    finding.Because(absl::StrCat("first the route of the target was by ", side.route().interface(),
                                 ", later it was by ", carrier.interface()),
                    "outside", probe, v1::CARRIER_FOUND);
    TellTarget(facts, &finding);
    TellControls(facts, &finding);
    TellInside(facts, &finding);
    finding.Do("read the tunnel's own log: why did it end?");
    return finding.Build();
  }
  // A local port that should lead to the target, with nobody behind it.
  const v1::StepSummary* connect = StepOf(facts.out, v1::CONNECT);
  const bool dials_local = facts.out->address().rfind("127.", 0) == 0 || facts.out->address() == "::1";
  const bool meant_elsewhere = facts.out->observations_size() > 0 && facts.out->observations(0).via_connect_to();
  if (dials_local && meant_elsewhere && connect != nullptr && connect->failure() == v1::REFUSED) {
    FindingBuilder finding(0.95, absl::StrCat("Nothing listens at ", DialledAt(facts),
                                              " on this host, where the forward to the target should be."));
    TellTarget(facts, &finding);
    TellInside(facts, &finding);
    finding.Do(
        absl::StrCat("start the forward (ssh -L, SSM, kubectl) again, so that it listens at ", DialledAt(facts)));
    return finding.Build();
  }
  if (facts.others == Others::kFail && SocksCarries(side)) {
    FindingBuilder finding(0.85, absl::StrCat("The tunnel's entrance does not work: ", HolderWords(side),
                                              " carries what is spoken to its SOCKS port, and nothing else."));
    finding.Because("CONNECT to a destination that must answer, spoken to the SOCKS port, succeeds", "outside", probe,
                    v1::SOCKS_CONNECT);
    TellTarget(facts, &finding);
    TellControls(facts, &finding);
    TellInside(facts, &finding);
    return finding.Build();
  }
  // Refused far quicker than anything beyond a gateway could, and everywhere: a redirection to a port where nobody is.
  if (carrier.kind() == v1::DIRECT && connect != nullptr && facts.outside_how == How::kRefused &&
      facts.others == Others::kFail && connect->min_ns() < kOnThisHostNs && !side.route().connected()) {
    FindingBuilder finding(
        0.75, "Every destination is refused on this very host: what should carry the connections is gone.");
    TellTarget(facts, &finding);
    TellControls(facts, &finding);
    TellInside(facts, &finding);
    return finding.OrElse("vpc.refused_beyond_bastion", "a rule of this host's own firewall: nft list ruleset").Build();
  }
  // A private address, no tunnel's interface anywhere, and the way out to the internet: nothing is there to carry it.
  // A provider may refuse what is not routed in the internet, rather than drop it; then it refuses everything.
  const bool nothing_there = facts.outside_how == How::kSilent || facts.outside_how == How::kUnreachable ||
                             (facts.outside_how == How::kRefused && facts.others == Others::kFail);
  if (carrier.kind() == v1::DIRECT && nothing_there && connect != nullptr && connect->succeeded() == 0 &&
      facts.inside_fine() && LeavesByDefault(side.route()) && IsPrivateAddress(facts.pair->address()) &&
      !HasTunnelInterface(side)) {
    FindingBuilder finding(facts.others == Others::kFail ? 0.75 : 0.65,
                           absl::StrCat("No tunnel is there: packets to the private address ", facts.pair->address(),
                                        " leave by ", side.route().interface(), ", this host's way to the internet."));
    finding.Because("no tunnel's interface is on this host, and nothing redirects the connection", "outside", probe,
                    v1::CARRIER_FOUND);
    TellTarget(facts, &finding);
    TellControls(facts, &finding);
    TellInside(facts, &finding);
    finding.OrElse("route.not_through_tunnel", "is a tunnel running that should carry this address?");
    finding.OrElse("vpc.dropped_beyond_bastion",
                   "if no tunnel is meant: do the firewalls on the way let this host in?");
    return finding.Build();
  }
  // A redirector that still accepts, and has nothing to hand the connection to.
  const bool nothing_behind = carrier.kind() == v1::REDIRECTOR && carrier.holder().pid() > 0 &&
                              carrier.holder_looked_for() && carrier.connections().empty() && carrier.socks().empty() &&
                              !side.has_banner();
  if (nothing_behind) {
    FindingBuilder finding(
        0.9, absl::StrCat("The redirector ", HolderWords(side), " still accepts, and the tunnel behind it is gone."));
    finding.Because("no process behind it keeps a connection to anywhere, and its SOCKS port has no listener",
                    "outside", probe, v1::CARRIER_FOUND);
    TellTarget(facts, &finding);
    TellInside(facts, &finding);
    return finding.Build();
  }
  return std::nullopt;
}

std::optional<v1::Finding> MatchCarrierDead(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!FailsOnTheWay(facts) || facts.others == Others::kAnswer || !HasTunnel(*facts.outside)) return std::nullopt;
  const v1::SideSummary& side = *facts.outside;
  if (side.carrier().kind() == v1::KERNEL_TUNNEL || BannerNever(side)) return std::nullopt;
  // Its process is there, or we may not look; what is not there is another cause.
  const bool holder_known_gone = side.carrier().holder_looked_for() && side.carrier().holder().pid() == 0;
  if (holder_known_gone || Stopped(side) != nullptr) return std::nullopt;

  const v1::CarrierConnection* established = ConnectionInState(side, "established");
  const bool cannot_carry = compare::CarrierCannotCarry(side);
  const bool local = facts.outside_how == How::kLocalClose;
  const bool stale = facts.outside_how == How::kSilent && established != nullptr && established->certain() &&
                     LooksDead(*established) && BannerEver(side);
  // A destination that is closed here while others are not even asked could be this one alone.
  const bool everywhere = facts.others == Others::kFail;
  // Not permitted to see whose connection is whose, but there is none that could be the tunnel's.
  const v1::StepSummary* end = EndingStep(*facts.out);
  const bool unseen = side.carrier().not_permitted() && side.carrier().connections().empty() &&
                      facts.outside_how == How::kClosed && end != nullptr && end->min_ns() < kQuickNs;
  // Nothing comes back from anywhere, and nobody knows yet that it is lost.
  const bool turned_down = std::any_of(side.socks().begin(), side.socks().end(), &SocksRejected);
  const bool mute = facts.outside_how == How::kSilent && established != nullptr && BannerEver(side) && !turned_down;
  // What is sent in vain needs no other destination to tell.
  const bool told = (cannot_carry && local) || stale || (everywhere && (local || mute || cannot_carry || unseen));
  if (!told) return std::nullopt;
  if (ConnectionInState(side, "syn-sent") != nullptr && !BannerEver(side)) return std::nullopt;
  const bool stands = established != nullptr && established->certain();
  double confidence = cannot_carry ? 0.97 : stale ? 0.9 : mute ? 0.6 : stands ? 0.8 : 0.88;
  if (!BannerEver(side)) confidence = unseen ? 0.75 : 0.7;
  FindingBuilder finding(confidence,
                         absl::StrCat("The tunnel's process and routes are there, but its connection to the bastion ",
                                      mute || stands ? "no longer carries anything" : "is gone",
                                      ". It accepts everything and delivers nothing."));
  if (mute || stands) {
    finding.Because(absl::StrCat(HolderWords(side), ": ", ConnectionWords(*established)), "outside", TunnelProbe(facts),
                    v1::CARRIER_FOUND);
  } else if (cannot_carry) {
    finding.Because(absl::StrCat(HolderWords(side), " has no established connection to anywhere"), "outside",
                    TunnelProbe(facts), v1::CARRIER_FOUND);
  }
  if (mute && !stale) {
    finding.OrElse("tunnel.not_running", "the tunnel's own log: does its process still do anything?");
    finding.OrElse("vpc.dropped_beyond_bastion", "a witness on the bastion: does it reach anything in the VPC?");
  } else if (stands && !stale) {
    finding.OrElse("tunnel.forwarding_denied", "the bastion's own log: does it turn the forwards down?");
  }
  if (unseen) {
    finding.Because("no connection of this host leads to an ssh port anywhere", "outside", TunnelProbe(facts),
                    v1::CARRIER_FOUND);
    finding.OrElse("tunnel.forwarding_denied", "the same as root, or as the user that the tunnel runs as");
  }
  if (BannerEver(side)) {
    finding.Because(absl::StrCat(BannerWords(side), ": the bastion is well"), "outside", TunnelProbe(facts),
                    v1::BANNER);
  } else {
    finding.OrElse("tunnel.bastion_unreachable", "does the bastion answer: nc -v BASTION 22 ?");
  }
  TellTarget(facts, &finding);
  TellControls(facts, &finding);
  TellInside(facts, &finding);
  return finding.Build();
}

std::optional<v1::Finding> MatchForwardingDenied(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!FailsOnTheWay(facts) || facts.others == Others::kAnswer || !HasTunnel(*facts.outside)) return std::nullopt;
  const v1::SideSummary& side = *facts.outside;
  if (compare::CarrierCannotCarry(side) || BannerNever(side) || Stopped(side) != nullptr) return std::nullopt;
  // Spoken straight to the tunnel's SOCKS port: turned down for the target and for every destination that must answer.
  uint32_t rejected = 0;
  uint32_t positives = 0;
  bool target_rejected = false;
  bool passed = false;
  for (const v1::Step& step : side.socks()) {
    if (step.socks().negative_control()) continue;
    if (step.failure() == v1::NONE) passed = true;
    if (!SocksRejected(step)) continue;
    ++rejected;
    if (step.socks().positive_control() && AnswersInside(comparison, step.socks().destination())) ++positives;
  }
  if (const v1::Step* step = SocksTo(side, facts.pair->address(), facts.pair->port()))
    target_rejected = SocksRejected(*step);
  // Without a connection that stands, and an end that is far, it may as well be the carrier that is gone.
  const bool connected = ConnectionInState(side, "established") != nullptr;
  const bool by_socks =
      target_rejected && positives > 0 && !passed && (connected || facts.outside_how == How::kFarClose);
  // Near or far cannot be told on a short way; a connection that stands then shows that it is not the carrier.
  const bool stands = connected && BannerEver(side);
  const bool by_closing = (facts.outside_how == How::kFarClose || (facts.outside_how == How::kClosed && stands)) &&
                          facts.others == Others::kFail;
  if (passed || (!by_socks && !by_closing)) return std::nullopt;
  // What fails inside too is no proof that the bastion denies it.
  if (facts.inside == nullptr || !facts.inside_fine()) return std::nullopt;
  FindingBuilder finding(
      by_socks ? 0.93 : 0.87,
      absl::StrCat("The bastion", Bastion(side).empty() ? "" : " " + Bastion(side),
                   " accepts the ssh session and forwards nothing: every destination is turned down."));
  if (by_socks) {
    finding.Because(absl::StrCat("CONNECT spoken to the tunnel's own SOCKS port was turned down for all ", rejected,
                                 " destinations, ", positives, " of which must answer"),
                    "outside", TunnelProbe(facts), v1::SOCKS_CONNECT);
  }
  TellTarget(facts, &finding);
  TellControls(facts, &finding);
  if (BannerEver(side)) finding.Because(BannerWords(side), "outside", TunnelProbe(facts), v1::BANNER);
  TellInside(facts, &finding);
  return finding.Build();
}

}  // namespace parallax::diagnose
