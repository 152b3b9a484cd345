// What only the application's own client meets.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compare/client.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"

namespace parallax::diagnose {
namespace {

// The client that fails alone, and where it stopped; outcome is nullptr when there is none.
struct Lonely {
  const v1::SideOutcome* failing = nullptr;
  const v1::SideOutcome* fine = nullptr;
  const v1::StepSummary* stopped = nullptr;
  std::string probe;
  std::string fine_probe;
  bool asked = false;
};

Lonely ReadLonely(const View& view) {
  Lonely lonely;
  // Where the probes themselves differ or fail, the client only says the same again.
  if (!view.both() || !view.reference->healthy() || !view.subject->healthy()) return lonely;
  const compare::ClientSays theirs = compare::ReadClient(view.comparison, *view.reference);
  const compare::ClientSays ours = compare::ReadClient(view.comparison, *view.subject);
  lonely.asked = theirs.asked && ours.asked;
  if (!lonely.asked || theirs.failed == ours.failed) return lonely;
  const compare::ClientSays& failing = ours.failed ? ours : theirs;
  const compare::ClientSays& fine = ours.failed ? theirs : ours;
  const v1::SideOutcome* outcome =
      compare::FindSide(*failing.pair, ours.failed ? view.subject_name : view.reference_name);
  // What comes and goes is no proof of a cause that stays.
  if (outcome->succeeded() > 0) return lonely;
  lonely.failing = outcome;
  lonely.fine = compare::FindSide(*fine.pair, ours.failed ? view.reference_name : view.subject_name);
  lonely.probe = failing.pair->probe();
  lonely.fine_probe = fine.pair->probe();
  for (const v1::StepSummary& step : outcome->steps()) {
    if (step.failure() == v1::NONE) continue;
    lonely.stopped = &step;
    break;
  }
  return lonely;
}

void Tell(const v1::SideOutcome& outcome, const std::string& probe, const v1::StepSummary& step, Reading* reading) {
  reading->Because(absl::StrCat(outcome.side(), ": ", compare::StepLabel(step.kind()), ": ", compare::StepCell(step)),
                   outcome, probe, step);
}

// What passed was small, and this was not: then it may be the path.
Reading LargeStop(const View& view, bool (*fits)(v1::StepKind kind, v1::Failure failure)) {
  const Lonely lonely = ReadLonely(view);
  if (!lonely.asked) return Unknown();
  return If(lonely.stopped != nullptr &&
            fits(lonely.stopped->kind(), compare::FailureClass(lonely.stopped->failure())));
}

}  // namespace

Reading OnlyClientFails(const View& view) {
  const Lonely lonely = ReadLonely(view);
  if (!lonely.asked) return Unknown();
  if (lonely.failing == nullptr) return No();
  Reading reading = Yes();
  if (lonely.stopped != nullptr) {
    Tell(*lonely.failing, lonely.probe, *lonely.stopped, &reading);
    const v1::StepSummary* same = compare::FindStep(*lonely.fine, lonely.stopped->kind(), lonely.stopped->variant());
    if (same != nullptr) Tell(*lonely.fine, lonely.fine_probe, *same, &reading);
  } else {
    reading.Because(absl::StrCat("the real client fails ", lonely.failing->side()), lonely.failing->side(),
                    lonely.probe);
  }
  return reading.Word("client_fails", lonely.failing->side());
}

Reading LargeAnswerHangs(const View& view) {
  return LargeStop(
      view, [](v1::StepKind kind, v1::Failure failure) { return kind == v1::DOWNLOAD && failure == v1::TIMED_OUT; });
}

Reading LargeMessageHangs(const View& view) {
  return LargeStop(
      view, [](v1::StepKind kind, v1::Failure failure) { return kind == v1::UPLOAD && failure == v1::TIMED_OUT; });
}

Reading LargeTransferIsEnded(const View& view) {
  return LargeStop(view, [](v1::StepKind kind, v1::Failure failure) {
    return (kind == v1::UPLOAD || kind == v1::DOWNLOAD) &&
           (failure == v1::CLOSED || failure == v1::CLOSED_BEFORE_FIRST_BYTE);
  });
}

}  // namespace parallax::diagnose
