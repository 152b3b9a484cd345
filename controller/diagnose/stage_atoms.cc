// Between the stages of a conversation: what passes, and what does not.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"

namespace parallax::diagnose {
namespace {

const v1::StepSummary* OurEnd(const View& view) { return view.ours == nullptr ? nullptr : EndingStep(*view.ours); }

// The stage at which the subject ends by `failure`'s class, the reference being fine: after the server's first byte, or
// where it was due on a connection that is known to be the server's.
const v1::StepSummary* BrokenStage(const View& view, bool swallowed) {
  if (!view.reference_healthy() || !view.subject_fails()) return nullptr;
  const bool real_connect = EndsOnServersConnection(view).yes();
  if (view.how != How::kLater && !real_connect) return nullptr;
  const v1::StepSummary* end = OurEnd(view);
  // What a redirect leads to is another conversation. What comes slowly is not swallowed, either.
  const bool slow = swallowed && end != nullptr && end->kind() == v1::BODY && end->sample().http_body().size() > 0;
  if (end == nullptr || slow || !end->variant().empty() || end->kind() == v1::CONNECT ||
      (end->kind() == v1::SSL_REQUEST && !real_connect)) {
    return nullptr;
  }
  const v1::Failure failure = compare::FailureClass(end->failure());
  const bool fits =
      swallowed ? failure == v1::TIMED_OUT : failure == v1::CLOSED || failure == v1::CLOSED_BEFORE_FIRST_BYTE;
  return fits ? end : nullptr;
}

const v1::StepSummary* BrokenStage(const View& view) {
  const v1::StepSummary* swallowed = BrokenStage(view, true);
  return swallowed != nullptr ? swallowed : BrokenStage(view, false);
}

Reading TellStage(const View& view, const v1::StepSummary* end) {
  if (view.subject == nullptr || view.ours == nullptr || view.reference == nullptr) return Unknown();
  if (end == nullptr) return No();
  Reading reading = Yes();
  const std::string stage = compare::StepLabel(end->kind());
  reading.Because(absl::StrCat(stage, ": ", compare::StepCell(*end), ", in ", end->seen() - end->succeeded(), " of ",
                               end->seen(), " attempts"),
                  *view.ours, view.pair->probe(), *end);
  const v1::StepSummary* first = StepOf(view.ours, v1::SSL_REQUEST);
  if (first != nullptr && first != end) {
    reading.Because(absl::StrCat("before it, ssl request: ", compare::StepCell(*first)), *view.ours, view.pair->probe(),
                    *first);
  }
  return reading.Word("stage", stage);
}

// What the investigation said about a step, and in which probe; nullptr when it was not asked.
const v1::StepSummary* Asked(const View& view, v1::StepKind kind, const std::string& variant, const v1::Pair** where,
                             bool (*fits)(const v1::Pair&)) {
  for (const v1::Pair* pair : PairsWith(view.comparison, v1::INVESTIGATION)) {
    if (!fits(*pair)) continue;
    const v1::StepSummary* step = StepOf(compare::FindSide(*pair, view.subject_name), kind, variant);
    *where = pair;
    if (step != nullptr) return step;
  }
  return nullptr;
}

// The end of the connection on which the stage was tried, in TCP's own words; only where it is the server's.
template <typename Fits>
const v1::Observation* EndedWith(const View& view, v1::StepKind stage, Fits fits) {
  if (view.subject == nullptr || view.subject->locality() != v1::REMOTE || view.ours == nullptr) return nullptr;
  for (const v1::Observation& observation : view.ours->observations()) {
    for (const v1::Step& step : observation.steps()) {
      const int index = step.connection() - 1;
      if (step.kind() != stage || index < 0 || index >= observation.connections_size()) continue;
      if (fits(observation.connections(index).at_end())) return &observation;
    }
  }
  return nullptr;
}

// The investigation asks about a handshake only.
Reading NotAskedOf(const View& view, const v1::StepSummary* stage) {
  const bool handshake = stage != nullptr && stage->kind() == v1::TLS_HANDSHAKE;
  return handshake && view.how == How::kLater && view.comparison.target().scheme() == "postgres" ? NotAskedYet()
                                                                                                 : Unknown();
}

}  // namespace

Reading StageIsReset(const View& view) { return TellStage(view, BrokenStage(view, false)); }
Reading StageIsSwallowed(const View& view) { return TellStage(view, BrokenStage(view, true)); }

// Not the first question, which is of eight bytes and answered by one: there is no size in it.
Reading LargeStageIsSwallowed(const View& view) {
  const v1::StepSummary* end = BrokenStage(view, true);
  if (view.subject == nullptr || view.ours == nullptr) return Unknown();
  return If(end != nullptr && end != StepOf(view.ours, v1::SSL_REQUEST));
}

Reading ConnectIsTheServers(const View& view) {
  if (view.subject == nullptr) return Unknown();
  if (!EndsOnServersConnection(view).yes()) return No();
  if (view.subject->locality() == v1::REMOTE) {
    return Yes().Because(absl::StrCat("the connect is the server's own: ", view.subject->locality_why()),
                         view.subject_name, view.pair->probe(), v1::CONNECT);
  }
  return Yes().Because("CONNECT to the target, spoken to the tunnel's own SOCKS port, succeeds", view.subject_name,
                       view.tunnel_probe, v1::SOCKS_CONNECT);
}

Reading SameSizePasses(const View& view) {
  const v1::StepSummary* stage = BrokenStage(view);
  const v1::Pair* pair = nullptr;
  const v1::StepSummary* step = Asked(view, v1::MESSAGE_SIZE, "startup", &pair, [](const v1::Pair&) { return true; });
  if (step == nullptr || (stage != nullptr && stage->kind() != v1::TLS_HANDSHAKE)) return NotAskedOf(view, stage);
  const v1::SideOutcome& outcome = *compare::FindSide(*pair, view.subject_name);
  if (step->succeeded() == 0) {
    return No().Because(
        absl::StrCat("a message of another kind and the same size fares no better: ", compare::StepCell(*step)),
        outcome, pair->probe(), *step);
  }
  return Yes().Because(absl::StrCat("a message of another kind and the same size passes: ", compare::StepCell(*step)),
                       outcome, pair->probe(), *step);
}

Reading PaddedHelloPasses(const View& view) {
  const v1::StepSummary* stage = BrokenStage(view);
  const v1::Pair* pair = nullptr;
  const v1::StepSummary* step = Asked(view, v1::TLS_HANDSHAKE, "", &pair, [](const v1::Pair& asked) {
    return asked.spec().postgres().padded_client_hello();
  });
  if (step == nullptr || stage == nullptr || stage->kind() != v1::TLS_HANDSHAKE) return NotAskedOf(view, stage);
  Reading reading = If(step->succeeded() > 0);
  return reading.Because(
      absl::StrCat("a ClientHello of ", step->sample().tls().client_hello_size(), " bytes: ", compare::StepCell(*step)),
      *compare::FindSide(*pair, view.subject_name), pair->probe(), *step);
}

// Packets of an answer that came out of order, and no answer: a large one before them is missing.
Reading AnswerCameInPart(const View& view) {
  if (view.subject == nullptr || view.ours == nullptr) return Unknown();
  const v1::StepSummary* stage = BrokenStage(view, true);
  const v1::Observation* seen =
      stage == nullptr ? nullptr
                       : EndedWith(view, stage->kind(), [](const v1::TcpInfo& end) { return end.out_of_order() > 0; });
  if (seen == nullptr) return No();
  Reading reading = Yes();
  reading.Because("packets of the answer arrived, and not the ones before them", *view.ours, seen->probe(), *stage);
  return reading;
}

Reading MessageIsUnacknowledged(const View& view) {
  const v1::StepSummary* stage = BrokenStage(view);
  if (view.subject == nullptr || stage == nullptr || view.subject->locality() != v1::REMOTE) return Unknown();
  if (EndedWith(view, stage->kind(), [](const v1::TcpInfo& end) { return end.unacked() > 0; }) == nullptr) return No();
  return Yes().Because("the message itself was never acknowledged", *view.ours, view.pair->probe(), *stage);
}

// An end that comes after our own words could be an answer to them.
Reading EndsAfterOurWords(const View& view) {
  const v1::StepSummary* end = OurEnd(view);
  if (view.subject == nullptr || end == nullptr) return Unknown();
  if (StageIsReset(view).yes() || SocksTurnsTargetDown(view).yes()) return No();
  return If(end->kind() != v1::CONNECT &&
            (view.how == How::kFarClose || view.how == How::kClosed || view.how == How::kLocalClose) &&
            view.others != Others::kFail);
}

}  // namespace parallax::diagnose
