#include "controller/report/sheet/sheet.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "contract/names.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/diagnose.h"
#include "controller/report/sheet/again.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::report {
namespace {

using compare::ShortDigest;

// "plan 9c41d2ab on both sides", or who ran something else.
std::string PlanWords(const v1::Run& run, const v1::Comparison& comparison) {
  if (comparison.plan_digest().empty()) return "no plan was run";
  const std::string digest = ShortDigest(comparison.plan_digest());
  if (!comparison.digests_agree()) return absl::StrCat("plan ", digest, ", NOT THE SAME on every side");
  const auto present =
      std::count_if(run.sides().begin(), run.sides().end(), [](const v1::Side& side) { return side.has_agent(); });
  if (present == 0) return absl::StrCat("plan ", digest, ", run on no side");
  if (present == 1) return absl::StrCat("plan ", digest, " on one side");
  return absl::StrCat("plan ", digest, present == 2 ? " on both sides" : absl::StrCat(" on all ", present, " sides"));
}

// Of what is not written in the target as a person reads it: where it came from, and why it was ignored.
std::vector<std::string> OriginWords(const v1::Target& target) {
  std::vector<std::string> words;
  for (const v1::ParameterOrigin& origin : target.origins()) {
    const bool written = origin.from() == "as written";
    const bool said = origin.ignored() || (written && !origin.note().empty()) ||
                      (!written && (origin.from() != "default" || origin.name() == "user"));
    if (!said) continue;
    std::string what = origin.name();
    if (!origin.value().empty()) absl::StrAppend(&what, " ", origin.value());
    if (!written) absl::StrAppend(&what, ", ", origin.from());
    if (!origin.note().empty()) absl::StrAppend(&what, ": ", origin.ignored() ? "ignored, " : "", origin.note());
    words.push_back(std::move(what));
  }
  return words;
}

std::vector<Control> ControlsOf(const v1::Comparison& comparison) {
  std::vector<Control> controls;
  for (const v1::Role role : {v1::NEGATIVE_CONTROL, v1::POSITIVE_CONTROL}) {
    for (const v1::Pair& pair : comparison.pairs()) {
      if (pair.role() != role) continue;
      Control control;
      control.must_answer = role == v1::POSITIVE_CONTROL;
      control.endpoint = compare::HostPort(pair.address().empty() ? pair.host() : pair.address(), pair.port());
      control.ref.probe = pair.probe();
      for (const v1::SideSummary& side : comparison.sides()) {
        const v1::SideOutcome* outcome = compare::FindSide(pair, side.name());
        const bool answered = outcome != nullptr && control.must_answer && compare::Answered(*outcome);
        control.cells.push_back(outcome == nullptr ? "-" : answered ? "answered" : compare::ControlCell(*outcome));
        if (outcome == nullptr || !control.must_answer || answered) continue;
        for (const v1::StepSummary& step : outcome->steps()) {
          if (step.failure() != v1::NONE) control.cells.back() = compare::StepCell(step);
        }
      }
      controls.push_back(std::move(control));
    }
  }
  return controls;
}

TargetSheet TargetOf(const v1::Run& run, const v1::TargetReport& target) {
  const v1::Comparison& comparison = target.comparison();
  TargetSheet sheet;
  sheet.url = comparison.target().url();
  sheet.status = target.diagnosis().status();
  sheet.plan = PlanWords(run, comparison);
  sheet.origins = OriginWords(comparison.target());
  for (const v1::SideSummary& side : comparison.sides()) sheet.sides.push_back(SideOf(run, side));
  sheet.rows = Rows(comparison);
  sheet.verdict = VerdictOf(target);
  sheet.paths = Paths(target);
  sheet.controls = ControlsOf(comparison);
  sheet.connections = Connections(comparison);
  return sheet;
}

}  // namespace

std::string Rfc3339(int64_t unix_ns) {
  const auto seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                         utc.tm_hour, utc.tm_min, utc.tm_sec, unix_ns / 1'000'000 % 1000);
}

Sheet MakeSheet(const v1::Run& run, const v1::Report& report) {
  Sheet sheet{run, report, run.id(), run.title(), Rfc3339(run.started_unix_ns()), {}, {}, {}, {}, {}, {}, {}};
  sheet.duration_ms = static_cast<double>(run.duration_ns()) / 1e6;
  sheet.exit_code = run.interrupted() ? 130 : diagnose::ExitCode(report);
  sheet.interrupted = run.interrupted();
  for (const v1::TargetReport& target : report.targets()) sheet.targets.push_back(TargetOf(run, target));
  sheet.worst = std::min<size_t>(report.worst(), sheet.targets.empty() ? 0 : sheet.targets.size() - 1);
  for (const v1::Phase& phase : run.phases()) {
    v1::Plan plan;
    if (!plan.ParseFromString(phase.plan_bytes()) || plan.phase() != "investigate") continue;
    sheet.asked.push_back(phase.why().empty() ? "more, to tell the causes apart" : phase.why());
  }
  sheet.again = CommandAgain(run);
  return sheet;
}

}  // namespace parallax::report
