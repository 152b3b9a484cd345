#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "contract/names.h"
#include "controller/compare/words.h"
#include "controller/report/experiment_report.h"
#include "controller/report/layout.h"
#include "controller/report/page.h"

namespace parallax::report {
namespace {

constexpr int kMinColumns = 60;
constexpr int kMaxColumns = 400;
constexpr size_t kSideColumn = 8;
constexpr size_t kStepColumn = 15;  // "client_download"
constexpr int kTestedInTwenty = 20;

std::string Ms(double ms) {
  if (ms < 10) return absl::StrFormat("%.2f", ms);
  return ms < 100 ? absl::StrFormat("%.1f", ms) : absl::StrFormat("%.0f", ms);
}

std::string RunWord(const v1::PointRun& run) {
  if (!run.error().empty()) return absl::StrCat("not run: ", run.error());
  return run.cause().empty() ? contract::Name(run.status()) : run.cause();
}

// Of the first of the runs that can be looked at; "" when none was kept.
std::string ShowCommand(const std::vector<const v1::PointRun*>& runs, const std::string& store) {
  const auto kept = std::find_if(runs.begin(), runs.end(), [](const v1::PointRun* run) { return run->kept(); });
  if (kept == runs.end()) return "";
  return absl::StrCat("parallax show ", (*kept)->run(), StoreFlag(store));
}

// A side that was lost on the way: what the runs came to is then not the whole of it.
void DrawMissing(const std::string& indent, const std::vector<const v1::PointRun*>& runs, Page& page) {
  std::vector<const v1::PointRun*> lost;
  std::copy_if(runs.begin(), runs.end(), std::back_inserter(lost),
               [](const v1::PointRun* run) { return !run->missing().empty(); });
  if (lost.empty()) return;
  page.Paragraph(
      indent, absl::StrCat("in ", lost.size(), " of them a side was missing or lost: ", Clean(lost.front()->missing())),
      Style::kDoubt);
}

// "before  tunnel.carrier_dead  5 of 5   parallax show 7f3a00c0ffee": what the runs of a stage came to, and where to
// look.
void DrawRuns(const v1::PointResult& point, const std::string& store, Page& page) {
  std::vector<std::string> stages;
  for (const v1::PointRun& run : point.runs()) {
    if (std::find(stages.begin(), stages.end(), run.stage()) == stages.end()) stages.push_back(run.stage());
  }
  for (const std::string& stage : stages) {
    std::vector<std::string> words;
    std::map<std::string, std::vector<const v1::PointRun*>> by_word;
    int count = 0;
    for (const v1::PointRun& run : point.runs()) {
      if (run.stage() != stage) continue;
      ++count;
      auto& runs = by_word[RunWord(run)];
      if (runs.empty()) words.push_back(RunWord(run));
      runs.push_back(&run);
    }
    for (const std::string& word : words) {
      const auto& runs = by_word[word];
      const bool good = runs.front()->status() == v1::HEALTHY && runs.front()->error().empty();
      const std::string first = absl::StrCat("  ", Pad(stage.empty() ? "runs" : stage, 7), " ");
      const std::string indent(Width(first), ' ');
      const std::string seen = Clean(word);
      const std::string share = absl::StrCat("  ", runs.size(), " of ", count);
      const std::string command = ShowCommand(runs, store);
      const bool beside = Width(first) + Width(seen) + Width(share) + 2 + Width(command) <= page.columns();
      page.Add({{first},
                {seen, good ? Style::kGood : Style::kBad},
                {share},
                {beside && !command.empty() ? absl::StrCat("  ", command) : "", Style::kDim}});
      for (const std::string& line : WrapCommand(beside ? "" : command, page.columns() - indent.size())) {
        if (!line.empty()) page.Add({{indent}, {line, Style::kDim}});
      }
      if (!runs.front()->summary().empty()) page.Paragraph(indent, Clean(runs.front()->summary()), Style::kDim);
      DrawMissing(indent, runs, page);
    }
  }
}

std::string IntervalCell(const v1::Summary& summary) {
  if (summary.confidence() == 0) return "";
  return absl::StrCat(Ms(summary.low_ms()), "..", Ms(summary.high_ms()));
}

// `targets` are how many URLs were asked in each run.
void DrawSummaries(const v1::PointResult& point, int targets, Page& page) {
  if (point.summaries().empty()) return;
  const bool staged = std::any_of(point.summaries().begin(), point.summaries().end(),
                                  [](const v1::Summary& summary) { return !summary.stage().empty(); });
  const auto row = [&](const std::string& side, const std::string& step, const std::string& stage,
                       const std::string& failed, const std::string& median, const std::string& interval,
                       const std::string& p95, const std::string& max, Style style) {
    const auto right = [](const std::string& text, size_t columns) {
      return std::string(columns - std::min(columns, Width(text)), ' ') + text;
    };
    page.Add({{absl::StrCat("  ", Pad(side, kSideColumn), " ", Pad(step, kStepColumn), " ",
                            staged ? absl::StrCat(Pad(stage, 6), " ") : "", right(failed, 7), " ", right(median, 7),
                            " ", right(interval, 12), " ", right(p95, 7), " ", right(max, 7)),
               style}});
  };
  page.Blank();
  row("side", "step", "stage", "failed", "median", "95% by runs", "p95", "max ms", Style::kDim);
  for (const v1::Summary& summary : point.summaries()) {
    const bool timed = summary.attempts() > summary.failures();
    row(Clean(summary.side()), summary.step(), summary.stage(),
        absl::StrCat(summary.failures(), "/", summary.attempts()), timed ? Ms(summary.median_ms()) : "-",
        IntervalCell(summary), timed ? Ms(summary.p95_ms()) : "-", timed ? Ms(summary.max_ms()) : "-",
        summary.failures() > 0 ? Style::kBad : Style::kPlain);
    if (summary.unreached() == 0) continue;
    page.Paragraph(std::string(kSideColumn + 3, ' '),
                   absl::StrCat("and ", summary.unreached(), " attempts never came to this step"), Style::kDoubt);
  }
  if (targets > 1)
    page.Paragraph("  ", absl::StrCat("Each line is of all ", targets, " targets together."), Style::kDim);
}

void DrawChanges(const v1::PointResult& point, Page& page) {
  if (point.changes().empty()) return;
  page.Blank();
  page.Add("  after against before", Style::kBold);
  for (const v1::Change& change : point.changes()) {
    const bool shown = change.verdict() == "lower" || change.verdict() == "higher" || change.failures() == "fewer" ||
                       change.failures() == "more";
    page.Paragraph(
        absl::StrCat("  ", Pad(Clean(change.side()), kSideColumn), " ", Pad(change.step(), kStepColumn), " "),
        Clean(change.text()), shown ? Style::kBold : Style::kDim);
  }
  page.Paragraph("  ",
                 absl::StrCat("Each line is tested alone, run against run, at 5%: of ", kTestedInTwenty,
                              " lines one may differ by chance."),
                 Style::kDim);
}

void DrawVerdicts(const v1::PointResult& point, Page& page) {
  if (point.verdicts().empty()) return;
  page.Blank();
  for (const v1::Verdict& verdict : point.verdicts()) {
    const char* word = verdict.met() ? "met      " : verdict.undecided() ? "UNDECIDED" : "NOT MET  ";
    const std::string first = absl::StrCat("  ", word, " ");
    const std::string stage = verdict.stage().empty() ? "" : absl::StrCat(verdict.stage(), ": ");
    page.Paragraph(first,
                   absl::StrCat(stage, Clean(verdict.what()),
                                verdict.met() ? "" : "; seen: ", verdict.met() ? "" : Clean(verdict.seen())),
                   verdict.met()         ? Style::kGood
                   : verdict.undecided() ? Style::kDoubt
                                         : Style::kBad);
  }
}

void DrawPoint(const v1::PointResult& point, int targets, const std::string& store, Page& page) {
  DrawRuns(point, store, page);
  const auto& values = point.point().values();
  const bool varied =
      std::any_of(values.begin(), values.end(), [](const v1::PointValue& value) { return value.key() == "target"; });
  DrawSummaries(point, varied ? 1 : targets, page);
  DrawChanges(point, page);
  DrawVerdicts(point, page);
}

// "9 of 10 expectations met, 1 undecided".
void DrawEnd(const v1::ExperimentResult& result, Page& page) {
  int met = 0;
  int undecided = 0;
  int all = 0;
  for (const v1::PointResult& point : result.points()) {
    for (const v1::Verdict& verdict : point.verdicts()) {
      ++all;
      met += verdict.met() ? 1 : 0;
      undecided += !verdict.met() && verdict.undecided() ? 1 : 0;
    }
  }
  page.Blank();
  if (!result.stopped().empty()) page.Paragraph("STOPPED  ", Clean(result.stopped()), Style::kBad);
  page.Add({{absl::StrCat(met, " of ", all, " expectations met"), met == all ? Style::kGood : Style::kBad},
            {undecided > 0 ? absl::StrCat(", ", undecided, " undecided") : "", Style::kDoubt}});
}

Page NewPage(const TextOptions& options) {
  return Page(static_cast<size_t>(std::clamp(options.columns, kMinColumns, kMaxColumns)), options.colour);
}

}  // namespace

std::string StoreFlag(const std::string& store) {
  if (store.empty()) return "";
  const bool plain = std::all_of(store.begin(), store.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("/._-:=+,@%").find(c) != std::string_view::npos;
  });
  return absl::StrCat(" --store ",
                      plain ? store : absl::StrCat("'", absl::StrReplaceAll(store, {{"'", "'\\''"}}), "'"));
}

std::string ExperimentText(const v1::ExperimentResult& result, const TextOptions& options, const std::string& store) {
  Page page = NewPage(options);
  const v1::Experiment& experiment = result.experiment();
  page.Add(Clean(experiment.name()), Style::kBold);
  if (!experiment.description().empty()) page.Paragraph("  ", Clean(experiment.description()));
  int runs = 0;
  for (const v1::PointResult& point : result.points()) runs += point.runs_size();
  page.Paragraph("  ",
                 absl::StrCat("experiment ", result.execution(), ", ", runs, " runs",
                              static_cast<uint32_t>(runs) < result.runs_planned()
                                  ? absl::StrCat(" of ", result.runs_planned(), " planned")
                                  : "",
                              " in ", compare::Duration(result.duration_ns())),
                 Style::kDim);
  for (const v1::StepResult& step : result.steps()) {
    page.Paragraph(absl::StrCat("  ", Pad(step.part(), 7), " "),
                   absl::StrCat(Clean(step.what()), step.error().empty() ? ": done in " : ": FAILED after ",
                                compare::Duration(step.duration_ns())),
                   step.error().empty() ? Style::kPlain : Style::kBad);
  }
  for (const v1::PointResult& point : result.points()) {
    page.Blank();
    if (!point.label().empty()) page.Add(Clean(point.label()), Style::kBold);
    DrawPoint(point, experiment.targets_size(), store, page);
  }
  DrawEnd(result, page);
  return page.Take();
}

}  // namespace parallax::report
