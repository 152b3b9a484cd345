// app.*: what only the application's own client meets.
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/compare/client.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"

namespace parallax::diagnose {
namespace {

void TellClient(const compare::ClientSays& says, const std::string& side, FindingBuilder* finding) {
  const v1::SideOutcome* outcome = compare::FindSide(*says.pair, side);
  for (const v1::StepSummary& step : outcome->steps()) {
    if (says.failed && step.failure() == v1::NONE) continue;
    finding->Because(absl::StrCat(side, ": ", compare::StepLabel(step.kind()), ": ", compare::StepCell(step)), side,
                     says.pair->probe(), step.kind());
    return;
  }
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
  FindingBuilder finding(0.85, absl::StrCat("Every probe is alike on both sides, and the real client fails ", where,
                                            ": look at what it does and the probes do not."));
  TellClient(outside.failed ? outside : inside, where, &finding);
  TellClient(outside.failed ? inside : outside, outside.failed ? "inside" : "outside", &finding);
  finding.OrElse("", "the client's own options and files on that host: libpq's ~/.postgresql, its version, its TLS");
  return finding.Build();
}

}  // namespace parallax::diagnose
