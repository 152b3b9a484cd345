// vpc.* and path.*: beyond the bastion, and between the stages of a conversation.
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/compare/ladder.h"
#include "controller/compare/locality.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"
#include "controller/diagnose/wanted.h"

namespace parallax::diagnose {
namespace {

constexpr int64_t kNeighbourPatienceNs = 1'000'000'000;  // a router asks for a neighbour for seconds

void TellEnd(const Facts& facts, FindingBuilder* finding) {
  if (const v1::StepSummary* end = EndingStep(*facts.out)) {
    finding->Because(absl::StrCat(compare::StepLabel(end->kind()), " to the target: ", compare::StepCell(*end)),
                     "outside", facts.pair->probe(), end->kind());
  }
}

void TellOthers(const Facts& facts, FindingBuilder* finding) {
  const v1::Controls& controls = facts.outside->controls();
  if (controls.positive_answered() > 0) {
    finding->Because(absl::StrCat(controls.positive_answered(), " of ", controls.positive_usable(),
                                  " other destinations answer by the same way"),
                     "outside");
  }
  for (const v1::Step& step : facts.outside->socks()) {
    if (!step.socks().positive_control() || step.failure() != v1::NONE) continue;
    finding->Because(
        absl::StrCat("CONNECT to ", step.socks().destination(), ", spoken to the tunnel's SOCKS port, succeeds"),
        "outside", "tunnel " + facts.pair->address(), v1::SOCKS_CONNECT);
    break;
  }
}

// Refused, and far sooner than anything beyond this host could have done it.
bool RefusedHere(const Facts& facts) {
  const v1::StepSummary* end = facts.out == nullptr ? nullptr : EndingStep(*facts.out);
  const auto rtt_ns = static_cast<double>(facts.outside->reference_rtt_ns());
  return end != nullptr && facts.outside_how == How::kRefused && rtt_ns >= compare::kMinTellingRttNs &&
         static_cast<double>(end->min_ns()) < rtt_ns * compare::kLocalShare;
}

// ICMP said no: at once, as a firewall does; a router says so after seconds, when nobody answers to an address.
bool UnreachableAtOnce(const Facts& facts) {
  const v1::StepSummary* end = facts.out == nullptr ? nullptr : EndingStep(*facts.out);
  return end != nullptr && end->failure() == v1::UNREACHABLE && end->min_ns() < kNeighbourPatienceNs &&
         facts.others == Others::kAnswer;
}

const v1::Step* TargetSocks(const Facts& facts) {
  return SocksTo(*facts.outside, facts.pair->address(), facts.pair->port());
}

std::string Where(const v1::SideSummary& side) {
  if (!HasTunnel(side)) return "on the way to it";
  return Bastion(side).empty() ? "beyond the bastion" : absl::StrCat("beyond the bastion ", Bastion(side));
}

// The way there is in order as far as the bastion, or no tunnel is in it.
bool WayIsWell(const Facts& facts) {
  if (facts.others == Others::kAnswer) return true;
  if (facts.others == Others::kFail) return false;
  if (HasTunnel(*facts.outside)) return !BannerNever(*facts.outside);
  // To a public address no tunnel is needed.
  return facts.pair != nullptr && !IsPrivateAddress(facts.pair->address());
}

bool SocksReaches(const Facts& facts) {
  return compare::SocksReaches(*facts.outside, compare::HostPort(facts.pair->address(), facts.pair->port()));
}

// The connect reached the target's own host (what must not connect does not, or the tunnel's SOCKS port says so), and
// it ended after that: whoever ended it had seen what was said.
bool EndedAfterRealConnect(const Facts& facts) {
  const v1::StepSummary* end = facts.out == nullptr ? nullptr : EndingStep(*facts.out);
  const v1::StepSummary* connect = StepOf(facts.out, v1::CONNECT);
  const bool asked = end != nullptr && (end->kind() == v1::SSL_REQUEST || end->kind() == v1::STARTUP ||
                                        end->kind() == v1::TLS_HANDSHAKE || end->kind() == v1::REQUEST);
  return asked && connect != nullptr && connect->succeeded() == connect->seen() &&
         (facts.outside->locality() == v1::REMOTE || SocksReaches(facts)) && facts.others != Others::kFail;
}

// The stage at which the outside ends by `failure`'s class, inside being fine: after the server's first byte, or where
// it was due on a connection that is known to be the server's.
const v1::StepSummary* BrokenStage(const Facts& facts, bool swallowed) {
  if (!facts.inside_fine() || !facts.outside_fails()) return nullptr;
  const bool real_connect = EndedAfterRealConnect(facts);
  if (facts.outside_how != How::kLater && !real_connect) return nullptr;
  const v1::StepSummary* end = EndingStep(*facts.out);
  // What a redirect leads to is another conversation.
  // What comes slowly is not swallowed, either.
  const bool slow = swallowed && end != nullptr && end->kind() == v1::BODY && end->sample().http_body().size() > 0;
  if (end == nullptr || slow || !end->variant().empty() || end->kind() == v1::CONNECT ||
      (end->kind() == v1::SSL_REQUEST && !real_connect))
    return nullptr;
  const v1::Failure failure = compare::FailureClass(end->failure());
  const bool fits =
      swallowed ? failure == v1::TIMED_OUT : failure == v1::CLOSED || failure == v1::CLOSED_BEFORE_FIRST_BYTE;
  return fits ? end : nullptr;
}

// TCP's own word, where the connection is the server's: what arrived, and what of ours did.
struct Arrival {
  bool out_of_order = false;    // something large before it did not arrive
  bool unacknowledged = false;  // our message itself did not
};
Arrival ReadArrival(const Facts& facts, v1::StepKind stage) {
  Arrival arrival;
  if (facts.outside->locality() != v1::REMOTE) return arrival;
  for (const v1::Observation& observation : facts.out->observations()) {
    for (const v1::Step& step : observation.steps()) {
      const int index = step.connection() - 1;
      if (step.kind() != stage || index < 0 || index >= observation.connections_size()) continue;
      const v1::TcpInfo& end = observation.connections(index).at_end();
      arrival.out_of_order = arrival.out_of_order || end.out_of_order() > 0;
      arrival.unacknowledged = arrival.unacknowledged || end.unacked() > 0;
    }
  }
  return arrival;
}

// A large ClientHello, where the investigation tried one from outside.
const v1::StepSummary* PaddedHello(const v1::Comparison& comparison) {
  for (const v1::Pair* pair : PairsWith(comparison, v1::INVESTIGATION)) {
    if (!pair->spec().postgres().padded_client_hello()) continue;
    const v1::StepSummary* step = StepOf(compare::FindSide(*pair, "outside"), v1::TLS_HANDSHAKE);
    if (step != nullptr) return step;
  }
  return nullptr;
}

// A witness that stands on the bastion: what it meets at the target tells the bastion's own doing from what lies
// beyond. Where there is none, `otherwise` says what one would settle.
void TellWitness(const v1::Comparison& comparison, const Facts& facts, const char* otherwise, FindingBuilder* finding) {
  for (const v1::SideSummary& side : comparison.sides()) {
    const bool witness = side.name() != "inside" && side.name() != "outside";
    const v1::SideOutcome* outcome = compare::FindSide(*facts.pair, side.name());
    if (!witness || !side.same_place_as_bastion() || outcome == nullptr || !outcome->present()) continue;
    if (const v1::StepSummary* end = EndingStep(*outcome)) {
      finding->Because(
          absl::StrCat("from the bastion itself (", side.name(), "): ", compare::StepLabel(end->kind()), " ",
                       compare::StepCell(*end), ": what stops it stands between the bastion and the target"),
          side.name(), facts.pair->probe(), end->kind());
    } else {
      finding->Because(absl::StrCat("from the bastion itself (", side.name(),
                                    ") the target answers: no firewall beyond it "
                                    "is in the way, but what the bastion does for a tunnel"),
                       side.name(), facts.pair->probe());
      finding->Do("on the bastion: sshd -T | grep -iE 'permitopen|allowtcpforwarding'; nft list ruleset");
    }
    return;
  }
  finding->OrElse("", otherwise);
}

std::optional<v1::Finding> StageFinding(const v1::Comparison& comparison, bool swallowed) {
  const Facts facts = Read(comparison);
  const v1::StepSummary* end = BrokenStage(facts, swallowed);
  if (end == nullptr) return std::nullopt;
  const v1::StepSummary* same_size = end->kind() == v1::TLS_HANDSHAKE ? SameSize(comparison) : nullptr;
  // A message of another kind and the same size fares no better: then it is the size, and not the stage.
  if (swallowed && same_size != nullptr && same_size->succeeded() == 0) return std::nullopt;
  const bool same_passes = same_size != nullptr && same_size->succeeded() > 0;
  // That is about our message. An answer that is lost for its size looks the same, but where TCP itself tells.
  const Arrival arrival = ReadArrival(facts, end->kind());
  if (swallowed && arrival.out_of_order) return std::nullopt;
  const bool proved = same_passes && (!swallowed || arrival.unacknowledged);
  const bool real_connect = EndedAfterRealConnect(facts);
  const std::string stage = compare::StepLabel(end->kind());
  FindingBuilder finding(
      proved                     ? 0.92
      : swallowed && same_passes ? 0.7
      : swallowed                ? 0.6
                                 : 0.7,
      absl::StrCat("Outside, the conversation dies at one stage, ", stage, ": what comes before it passes, ",
                   swallowed ? "and then there is silence." : "and then the connection is ended.",
                   " Something on the way acts on that message, or the server does, for this source alone."));
  finding.Because(absl::StrCat(stage, ": ", compare::StepCell(*end), ", in ", end->seen() - end->succeeded(), " of ",
                               end->seen(), " attempts"),
                  "outside", facts.pair->probe(), end->kind());
  const v1::StepSummary* first = StepOf(facts.out, v1::SSL_REQUEST);
  if (real_connect && facts.outside->locality() == v1::REMOTE) {
    finding.Because(absl::StrCat("the connect is the server's own: ", facts.outside->locality_why()), "outside",
                    facts.pair->probe(), v1::CONNECT);
  } else if (real_connect) {
    finding.Because("CONNECT to the target, spoken to the tunnel's own SOCKS port, succeeds", "outside",
                    "tunnel " + facts.pair->address(), v1::SOCKS_CONNECT);
  }
  if (first != nullptr && first != end) {
    finding.Because(absl::StrCat("before it, ssl request: ", compare::StepCell(*first)), "outside", facts.pair->probe(),
                    v1::SSL_REQUEST);
  }
  if (arrival.unacknowledged) {
    finding.Because("the message itself was never acknowledged", "outside", facts.pair->probe(), end->kind());
  }
  if (const v1::StepSummary* padded = PaddedHello(comparison); padded != nullptr && end->kind() == v1::TLS_HANDSHAKE) {
    finding.Because(absl::StrCat("a ClientHello of ", padded->sample().tls().client_hello_size(),
                                 " bytes: ", compare::StepCell(*padded)),
                    "outside", "", v1::TLS_HANDSHAKE);
  }
  if (same_passes) {
    finding.Because(
        absl::StrCat("a message of another kind and the same size passes: ", compare::StepCell(*same_size)), "outside",
        absl::StrCat(std::string(kMessageSize), " ", compare::HostPort(facts.pair->address(), facts.pair->port())),
        v1::MESSAGE_SIZE);
  }
  if (swallowed && first != end && !proved) {
    finding.OrElse("path.mtu_black_hole_down",
                   "a capture of the server's answer on the bastion: does the large packet leave it?");
    if (!same_passes) finding.OrElse("path.mtu_black_hole_up", "");
  }
  finding.OrElse("", "the server's own log: does that message arrive there, and who ends the connection?");
  finding.Because(InsideWords(facts), "inside", facts.pair->probe());
  return finding.Build();
}

}  // namespace

std::optional<v1::Finding> MatchRefusedBeyondBastion(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!facts.inside_reaches() || !facts.outside_fails() || facts.others == Others::kFail) return std::nullopt;
  const v1::Step* socks = TargetSocks(facts);
  const bool socks_rejects = socks != nullptr && SocksRejected(*socks);
  // The bastion does connect to it: what ends the conversation comes later.
  if (SocksReaches(facts)) return std::nullopt;
  bool refused = facts.outside_how == How::kRefused || facts.outside_how == How::kFarClose || socks_rejects ||
                 UnreachableAtOnce(facts);
  // Near or far cannot be told, but others do answer by the same way: then the tunnel is alive and this one is refused.
  refused = refused || ((facts.outside_how == How::kClosed || facts.outside_how == How::kLocalClose) &&
                        facts.others == Others::kAnswer);
  // Nor can it where nothing else is asked; the connection that carries stands, and that is all.
  const bool guess = !refused && facts.outside_how == How::kClosed && facts.others == Others::kUnknown &&
                     ConnectionInState(*facts.outside, "established") != nullptr;
  const bool direct = !HasTunnel(*facts.outside);
  // Without a tunnel a refusal comes from the way itself: there is nothing else that must be well.
  const bool way = WayIsWell(facts) || (direct && facts.outside_how == How::kRefused);
  if ((!refused && !guess) || !way || EndedAfterRealConnect(facts) || RefusedHere(facts)) return std::nullopt;
  // An end that comes after our own words could be an answer to them.
  const bool at_connect = facts.outside_how == How::kRefused || facts.outside_how == How::kUnreachable || socks_rejects;
  const bool certain = facts.others == Others::kAnswer;
  FindingBuilder finding(certain && at_connect ? 0.93
                         : guess               ? 0.5
                                               : 0.7,
                         absl::StrCat("The target is refused ", Where(*facts.outside),
                                      ": an answer comes back, and it is no. ", "Inside it is open."));
  TellEnd(facts, &finding);
  if (socks_rejects) {
    finding.Because("CONNECT to the target, spoken to the tunnel's own SOCKS port, is turned down at once", "outside",
                    "tunnel " + facts.pair->address(), v1::SOCKS_CONNECT);
  }
  TellOthers(facts, &finding);
  finding.Because(InsideWords(facts), "inside", facts.pair->probe());
  if (!certain && !direct) {
    finding.OrElse("tunnel.forwarding_denied", "name another destination that must answer: --control tcp://HOST:PORT");
    if (guess) finding.OrElse("tunnel.carrier_dead");
  }
  if (!at_connect) {
    finding.OrElse("path.stage_reset", "the server's own log: does a connection arrive there, and who ends it?");
  }
  TellWitness(comparison, facts,
              "a witness on the bastion tells a firewall from the bastion's own rules: --witness bastion='exec:ssh "
              "BASTION parallax-agent stdio'",
              &finding);
  return finding.Build();
}

std::optional<v1::Finding> MatchDroppedBeyondBastion(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (!facts.inside_reaches() || !facts.outside_fails() || facts.others == Others::kFail) return std::nullopt;
  const v1::Step* socks = TargetSocks(facts);
  if (socks != nullptr && (SocksRejected(*socks) || socks->failure() == v1::NONE)) return std::nullopt;
  const bool unreachable = facts.outside_how == How::kUnreachable && facts.others == Others::kAnswer;
  if ((facts.outside_how != How::kSilent && !unreachable) || !WayIsWell(facts)) return std::nullopt;
  // What never left this host was dropped nowhere.
  const v1::StepSummary* connect = StepOf(facts.out, v1::CONNECT);
  const bool never_left = connect != nullptr && connect->failure() == v1::NO_ROUTE;
  if (never_left || EndedAfterRealConnect(facts) || UnreachableAtOnce(facts)) return std::nullopt;
  const bool certain = facts.others == Others::kAnswer;
  FindingBuilder finding(certain ? 0.92 : 0.6,
                         absl::StrCat("What is sent to the target is dropped ", Where(*facts.outside),
                                      ": no answer comes back. Inside it is open."));
  TellEnd(facts, &finding);
  if (socks != nullptr && socks->failure() == v1::TIMED_OUT) {
    finding.Because("CONNECT to the target, spoken to the tunnel's own SOCKS port, gets no answer", "outside",
                    "tunnel " + facts.pair->address(), v1::SOCKS_CONNECT);
  }
  TellOthers(facts, &finding);
  finding.Because(InsideWords(facts), "inside", facts.pair->probe());
  if (!certain) {
    finding.OrElse("tunnel.carrier_dead", "name another destination that must answer: --control tcp://HOST:PORT");
    if (HasTunnel(*facts.outside) && !facts.outside->has_banner()) finding.OrElse("tunnel.bastion_unreachable");
  }
  TellWitness(comparison, facts,
              "security group, network ACL or the bastion's own egress: a witness on the bastion tells, --witness "
              "bastion='exec:ssh BASTION parallax-agent stdio'",
              &finding);
  return finding.Build();
}

std::optional<v1::Finding> MatchStageReset(const v1::Comparison& comparison) {
  return StageFinding(comparison, /*swallowed=*/false);
}

std::optional<v1::Finding> MatchStageSwallowed(const v1::Comparison& comparison) {
  return StageFinding(comparison, /*swallowed=*/true);
}

}  // namespace parallax::diagnose
