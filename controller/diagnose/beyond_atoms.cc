// Other destinations by the same way, and what lies beyond the bastion.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compare/ladder.h"
#include "controller/compare/locality.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"

namespace parallax::diagnose {
namespace {

constexpr int64_t kNeighbourPatienceNs = 1'000'000'000;  // a router asks for a neighbour for seconds

// What does not answer from the reference either is turned down for a reason of its own.
bool AnswersFromReference(const View& view, const std::string& destination) {
  for (const v1::Pair* pair : PairsWith(view.comparison, v1::POSITIVE_CONTROL)) {
    const v1::SideOutcome* theirs = compare::FindSide(*pair, view.reference_name);
    if (compare::HostPort(pair->address(), pair->port()) != destination || theirs == nullptr) continue;
    if (compare::Answered(*theirs)) return true;
  }
  return false;
}

const v1::Step* TargetSocks(const View& view) {
  return view.subject == nullptr || view.pair == nullptr
             ? nullptr
             : SocksTo(*view.subject, view.pair->address(), view.pair->port());
}

bool TargetSocksReaches(const View& view) {
  return compare::SocksReaches(*view.subject, compare::HostPort(view.pair->address(), view.pair->port()));
}

Reading& OnSocks(const View& view, std::string text, Reading* reading) {
  return reading->Because(std::move(text), view.subject_name, view.tunnel_probe, v1::SOCKS_CONNECT);
}

const v1::StepSummary* OurEnd(const View& view) { return view.ours == nullptr ? nullptr : EndingStep(*view.ours); }

// ICMP said no at once, as a firewall does; a router says so after seconds, when nobody answers to an address.
bool UnreachableAtOnce(const View& view) {
  const v1::StepSummary* end = OurEnd(view);
  return end != nullptr && end->failure() == v1::UNREACHABLE && end->min_ns() < kNeighbourPatienceNs &&
         view.others == Others::kAnswer;
}

Reading TellReference(const View& view, Reading reading) {
  if (reading.yes() && view.pair != nullptr) {
    reading.Because(ReferenceWords(view), view.reference_name, view.pair->probe());
  }
  return reading;
}

}  // namespace

Reading OthersAnswer(const View& view) {
  if (view.subject == nullptr || view.others == Others::kUnknown) return Unknown();
  const v1::Controls& controls = view.subject->controls();
  if (view.others == Others::kFail) {
    return No().Because(
        absl::StrCat("none of ", controls.positive_usable(), " other destinations that answer ", view.reference_name,
                     " answers ", HasTunnel(*view.subject) ? "through the tunnel" : view.subject_name),
        view.subject_name);
  }
  Reading reading = Yes();
  if (controls.positive_answered() > 0) {
    reading.Because(absl::StrCat(controls.positive_answered(), " of ", controls.positive_usable(),
                                 " other destinations answer by the same way"),
                    view.subject_name);
  }
  for (const v1::Step& step : view.subject->socks()) {
    if (!step.socks().positive_control() || step.failure() != v1::NONE) continue;
    OnSocks(view,
            absl::StrCat("CONNECT to ", step.socks().destination(), ", spoken to the tunnel's SOCKS port, succeeds"),
            &reading);
    break;
  }
  return reading;
}

Reading MustNotConnectAccepted(const View& view) {
  if (view.subject == nullptr || view.subject->controls().negative_usable() == 0) return Unknown();
  const v1::Controls& controls = view.subject->controls();
  if (controls.negative_connected() == 0) return No();
  return Yes().Because(absl::StrCat("the tunnel accepted ", controls.negative_connected(), " of ",
                                    controls.negative_usable(), " addresses and ports that must not connect"),
                       view.subject_name, "", v1::CONNECT);
}

// Spoken straight to the tunnel's SOCKS port: turned down for the target and for every destination that must answer.
Reading SocksTurnsAllDown(const View& view) {
  if (view.subject == nullptr || view.pair == nullptr || view.subject->socks().empty()) return Unknown();
  uint32_t rejected = 0;
  uint32_t positives = 0;
  for (const v1::Step& step : view.subject->socks()) {
    if (step.socks().negative_control() || !SocksRejected(step)) continue;
    ++rejected;
    if (step.socks().positive_control() && AnswersFromReference(view, step.socks().destination())) ++positives;
  }
  const v1::Step* target = TargetSocks(view);
  const bool target_rejected = target != nullptr && SocksRejected(*target);
  // Without a connection that stands, and an end that is far, it may as well be the carrier that is gone.
  const bool connected = ConnectionInState(*view.subject, v1::TCP_STATE_ESTABLISHED) != nullptr;
  if (!target_rejected || positives == 0 || (!connected && view.how != How::kFarClose)) return No();
  Reading reading = Yes();
  return OnSocks(view,
                 absl::StrCat("CONNECT spoken to the tunnel's own SOCKS port was turned down for all ", rejected,
                              " destinations, ", positives, " of which must answer"),
                 &reading);
}

Reading SocksLetsSomeThrough(const View& view) {
  if (view.subject == nullptr || view.subject->socks().empty()) return Unknown();
  const auto& socks = view.subject->socks();
  return If(std::any_of(socks.begin(), socks.end(), [](const v1::Step& step) {
    return !step.socks().negative_control() && step.failure() == v1::NONE;
  }));
}

Reading SocksTurnsTargetDown(const View& view) {
  const v1::Step* socks = TargetSocks(view);
  if (socks == nullptr) return Unknown();
  if (!SocksRejected(*socks)) return No();
  Reading reading = Yes();
  return OnSocks(view, "CONNECT to the target, spoken to the tunnel's own SOCKS port, is turned down at once",
                 &reading);
}

Reading SocksConnectsToTarget(const View& view) {
  const v1::Step* socks = TargetSocks(view);
  return socks == nullptr ? Unknown() : If(socks->failure() == v1::NONE);
}

// And it tells what does not exist from what does: a yes of a port that says yes to all is none.
Reading SocksReachesTarget(const View& view) {
  if (TargetSocks(view) == nullptr) return Unknown();
  return If(TargetSocksReaches(view));
}

Reading SocksTargetIsSilent(const View& view) {
  const v1::Step* socks = TargetSocks(view);
  if (socks == nullptr) return Unknown();
  if (socks->failure() != v1::TIMED_OUT) return No();
  Reading reading = Yes();
  return OnSocks(view, "CONNECT to the target, spoken to the tunnel's own SOCKS port, gets no answer", &reading);
}

Reading ReferenceReaches(const View& view) {
  if (view.reference == nullptr) return Unknown();
  return TellReference(view, If(view.reference_reaches()));
}

Reading ReferenceIsHealthy(const View& view) {
  if (view.reference == nullptr) return Unknown();
  return TellReference(view, If(view.reference_healthy()));
}

Reading SubjectFails(const View& view) {
  if (view.subject == nullptr || view.ours == nullptr) return Unknown();
  Reading reading = If(view.subject_fails());
  if (const v1::StepSummary* end = OurEnd(view); end != nullptr && reading.yes()) {
    reading.Because(absl::StrCat(compare::StepLabel(end->kind()), " to the target: ", compare::StepCell(*end)),
                    *view.ours, view.pair->probe(), *end);
  }
  return reading;
}

// The way there is in order as far as the bastion, or no tunnel is in it.
Reading WayIsWell(const View& view) {
  if (view.subject == nullptr || view.pair == nullptr) return Unknown();
  if (view.others != Others::kUnknown) return If(view.others == Others::kAnswer);
  if (HasTunnel(*view.subject)) return If(!BannerNever(*view.subject));
  // To a public address no tunnel is needed; and a refusal comes from the way itself.
  return If(!IsPrivateAddress(view.pair->address()) || view.how == How::kRefused);
}

Reading RefusedAtConnect(const View& view) {
  if (view.subject == nullptr || view.ours == nullptr) return Unknown();
  return If(view.how == How::kRefused || UnreachableAtOnce(view));
}

Reading ClosesFarAway(const View& view) {
  if (view.subject == nullptr || view.how == How::kNotAsked || view.how == How::kClosed) return Unknown();
  return If(view.how == How::kFarClose);
}

// Near or far cannot be told on a short way; a connection that stands then shows that it is not the carrier.
Reading ClosesAtTheFarEnd(const View& view) {
  if (view.subject == nullptr || view.how == How::kNotAsked) return Unknown();
  const bool stands =
      ConnectionInState(*view.subject, v1::TCP_STATE_ESTABLISHED) != nullptr && BannerEver(*view.subject);
  if (view.how == How::kClosed && !stands) return Unknown();
  return If(view.how == How::kFarClose || view.how == How::kClosed);
}

// Others do answer by the same way: then the tunnel is alive, and this one is refused.
Reading ClosedWhileOthersAnswer(const View& view) {
  if (view.subject == nullptr || view.others == Others::kUnknown) return Unknown();
  return If((view.how == How::kClosed || view.how == How::kLocalClose) && view.others == Others::kAnswer);
}

// Far sooner than anything beyond this host could have done it.
Reading RefusedOnThisHost(const View& view) {
  const v1::StepSummary* end = OurEnd(view);
  if (view.subject == nullptr || end == nullptr) return Unknown();
  const auto rtt_ns = static_cast<double>(view.subject->reference_rtt_ns());
  if (rtt_ns < compare::kMinTellingRttNs) return Unknown();
  return If(view.how == How::kRefused && static_cast<double>(end->min_ns()) < rtt_ns * compare::kLocalShare);
}

// The connect reached the target's own host (what must not connect does not, or the tunnel's SOCKS port says so), and
// it ended after that: whoever ended it had seen what was said.
Reading EndsOnServersConnection(const View& view) {
  const v1::StepSummary* end = OurEnd(view);
  const v1::StepSummary* connect = StepOf(view.ours, v1::CONNECT);
  if (view.subject == nullptr || end == nullptr || connect == nullptr) return Unknown();
  const bool asked = end->kind() == v1::SSL_REQUEST || end->kind() == v1::STARTUP || end->kind() == v1::TLS_HANDSHAKE ||
                     end->kind() == v1::REQUEST;
  return If(asked && connect->succeeded() == connect->seen() &&
            (view.subject->locality() == v1::REMOTE || TargetSocksReaches(view)) && view.others != Others::kFail);
}

Reading IsSilent(const View& view) {
  if (view.subject == nullptr || view.how == How::kNotAsked) return Unknown();
  return If(view.how == How::kSilent);
}

Reading RouterFindsNobody(const View& view) {
  if (view.subject == nullptr || view.others == Others::kUnknown) return Unknown();
  const bool no_route =
      StepOf(view.ours, v1::CONNECT) != nullptr && StepOf(view.ours, v1::CONNECT)->failure() == v1::NO_ROUTE;
  return If(view.how == How::kUnreachable && view.others == Others::kAnswer && !UnreachableAtOnce(view) && !no_route);
}

Reading ReferenceIsTheBastion(const View& view) {
  if (view.reference == nullptr) return Unknown();
  if (!view.reference->same_place_as_bastion()) return No();
  return Yes().Because(
      absl::StrCat("the ", view.reference_name,
                   " agent stands on the bastion itself (same address or ssh host key): it sees what the bastion "
                   "sees, and clears nothing beyond it"),
      view.reference_name);
}

}  // namespace parallax::diagnose
