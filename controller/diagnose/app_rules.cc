// app.*: what only the application's own client meets.
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/compare/client.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"

namespace parallax::diagnose {
namespace {

// Where the client stopped; nullptr when it did not.
const v1::StepSummary* Stopped(const v1::SideOutcome& outcome) {
  for (const v1::StepSummary& step : outcome.steps()) {
    if (step.failure() != v1::NONE) return &step;
  }
  return nullptr;
}

void Tell(const std::string& side, const compare::ClientSays& says, const v1::StepSummary& step,
          FindingBuilder* finding) {
  finding->Because(absl::StrCat(side, ": ", compare::StepLabel(step.kind()), ": ", compare::StepCell(step)), side,
                   says.pair->probe(), step.kind());
}

// What passed was small, and this was not: then it may be the path.
void TellWhatElseItFits(const v1::StepSummary& stopped, FindingBuilder* finding) {
  const bool down = stopped.kind() == v1::DOWNLOAD;
  if (!down && stopped.kind() != v1::UPLOAD) return;
  const v1::Failure failure = compare::FailureClass(stopped.failure());
  const bool ended = failure == v1::CLOSED || failure == v1::CLOSED_BEFORE_FIRST_BYTE;
  if (!ended && failure != v1::TIMED_OUT) return;
  finding->OrElse(ended  ? "path.reset_midstream"
                  : down ? "path.mtu_black_hole_down"
                         : "path.mtu_black_hole_up",
                  absl::StrCat("from which size on ", down ? "an answer" : "a message",
                               " fails: --sql-bytes 1KB, 64KB, and a psql of that host with as much"));
}

}  // namespace

std::optional<v1::Finding> MatchCommandDiffers(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  // Where the probes themselves differ or fail, the client only says the same again.
  if (!facts.both() || !facts.inside->healthy() || !facts.outside->healthy()) return std::nullopt;
  const compare::ClientSays inside = compare::ReadClient(comparison, *facts.inside);
  const compare::ClientSays outside = compare::ReadClient(comparison, *facts.outside);
  if (!inside.asked || !outside.asked || inside.failed == outside.failed) return std::nullopt;
  const std::string where = outside.failed ? "outside" : "inside";
  // What comes and goes is no proof of a cause that stays.
  if (compare::FindSide(*(outside.failed ? outside : inside).pair, where)->succeeded() > 0) return std::nullopt;
  FindingBuilder finding(0.85, absl::StrCat("Every probe is alike on both sides, and the real client fails ", where,
                                            ": look at what it does and the probes do not."));
  const compare::ClientSays& failing = outside.failed ? outside : inside;
  const compare::ClientSays& other = outside.failed ? inside : outside;
  const v1::SideOutcome& fine = *compare::FindSide(*other.pair, outside.failed ? "inside" : "outside");
  if (const v1::StepSummary* stopped = Stopped(*compare::FindSide(*failing.pair, where))) {
    Tell(where, failing, *stopped, &finding);
    if (const v1::StepSummary* same = compare::FindStep(fine, stopped->kind(), stopped->variant())) {
      Tell(fine.side(), other, *same, &finding);
    }
    TellWhatElseItFits(*stopped, &finding);
  }
  finding.OrElse("", "the client's own options and files on that host: libpq's ~/.postgresql, its version, its TLS");
  return finding.Build();
}

}  // namespace parallax::diagnose
