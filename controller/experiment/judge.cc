#include "controller/experiment/judge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "contract/names.h"
#include "controller/experiment/samples.h"
#include "controller/experiment/statistics.h"

namespace parallax::experiment {
namespace {

bool Holds(const v1::Expectation& expectation, const v1::Point& point) {
  return std::all_of(expectation.when().begin(), expectation.when().end(), [&](const v1::PointValue& wanted) {
    return std::any_of(point.values().begin(), point.values().end(), [&](const v1::PointValue& value) {
      return value.key() == wanted.key() && value.value() == wanted.value();
    });
  });
}

std::vector<const v1::PointRun*> RunsOf(const v1::PointResult& point, const std::string& stage) {
  std::vector<const v1::PointRun*> runs;
  for (const v1::PointRun& run : point.runs()) {
    if (run.stage() == stage) runs.push_back(&run);
  }
  return runs;
}

// "healthy in 4 of 5, diverged in 1 of 5".
std::string Counted(const std::vector<std::string>& words) {
  std::map<std::string, int> counts;
  for (const std::string& word : words) ++counts[word];
  if (counts.size() == 1) return counts.begin()->first;
  std::vector<std::string> parts;
  parts.reserve(counts.size());
  for (const auto& [word, count] : counts) parts.push_back(absl::StrCat(word, " in ", count, " of ", words.size()));
  return absl::StrJoin(parts, ", ");
}

// A side that was missing, or was lost on the way, decides nothing.
bool CannotTell(const v1::PointRun& run) {
  return !run.error().empty() || !run.missing().empty() || run.status() == v1::CANNOT_TELL ||
         run.status() == v1::STATUS_UNSPECIFIED;
}

void JudgeWord(const v1::PointResult& point, const std::string& stage, const std::string& what,
               const std::string& wanted, std::string (*word)(const v1::PointRun&), v1::Verdict* verdict) {
  const std::vector<const v1::PointRun*> runs = RunsOf(point, stage);
  verdict->set_what(absl::StrCat(what, " ", wanted));
  std::vector<std::string> seen;
  bool all = !runs.empty();
  bool undecided = runs.empty();
  for (const v1::PointRun* run : runs) {
    seen.push_back(word(*run));
    const bool met = seen.back() == wanted;
    all = all && met;
    undecided = undecided || (!met && CannotTell(*run));
  }
  verdict->set_seen(runs.empty() ? "no run" : Counted(seen));
  verdict->set_met(all);
  verdict->set_undecided(!all && undecided);
}

std::string StatusWord(const v1::PointRun& run) {
  return run.error().empty() ? contract::Name(run.status()) : absl::StrCat("not run: ", run.error());
}

std::string CauseWord(const v1::PointRun& run) {
  if (!run.error().empty()) return absl::StrCat("not run: ", run.error());
  return run.cause().empty() ? contract::Name(run.status()) : run.cause();
}

// Of a time: an attempt that failed is slower than any. Or else one that failed nine times of ten, and was quick the
// tenth, would be quick.
double TimeOf(const v1::Sample& sample, const std::string& statistic) {
  std::vector<double> ms(sample.ms().begin(), sample.ms().end());
  if (statistic == "min_ms") return *std::min_element(ms.begin(), ms.end());
  ms.insert(ms.end(), sample.failures(), std::numeric_limits<double>::infinity());
  if (statistic == "median_ms") return Median(std::move(ms));
  return Quantile(std::move(ms), statistic == "p95_ms" ? 0.95 : 1);
}

double CountOf(const v1::Sample& sample, const std::string& statistic) {
  if (statistic == "count") return sample.attempts();
  if (statistic == "failures") return sample.failures();
  // One division, so that 17 of 25 equals the 0.68 of a file.
  const uint32_t attempts = std::max<uint32_t>(1, sample.attempts());
  return static_cast<double>(sample.attempts() - sample.failures()) / attempts;
}

bool IsTime(const std::string& statistic) { return statistic.ends_with("_ms"); }

bool Compares(double seen, const std::string& comparison, double wanted) {
  if (comparison == "<") return seen < wanted;
  if (comparison == "<=") return seen <= wanted;
  if (comparison == ">") return seen > wanted;
  if (comparison == ">=") return seen >= wanted;
  return seen == wanted;
}

// Runs and attempts that say nothing of the step, in words; "" when all came to it. What the others say is then not
// what was asked: a fault further up leaves only those that it spared.
std::string Unheard(const v1::Sample& sample, size_t runs) {
  std::vector<std::string> words;
  if (sample.runs() < runs) {
    words.push_back(absl::StrCat(runs - sample.runs(), " of ", runs, " runs never came to this step"));
  }
  if (sample.unreached() > 0) words.push_back(NeverCame(sample));
  return absl::StrJoin(words, ", and ");
}

void JudgeMetric(const v1::PointResult& point, const std::string& stage, const v1::MetricExpectation& metric,
                 v1::Verdict* verdict) {
  verdict->set_what(absl::StrCat(metric.side(), ".", metric.step(), ".", metric.statistic(), " ", metric.comparison(),
                                 " ", absl::StrFormat("%g", metric.value())));
  const v1::Sample* sample = FindSample(point.samples(), metric.side(), metric.step(), stage);
  if (sample == nullptr) {
    verdict->set_seen("this step was never tried on that side");
    verdict->set_undecided(true);
    return;
  }
  const bool is_time = IsTime(metric.statistic());
  const std::string failed = absl::StrCat("it failed in ", sample->failures(), " of ", sample->attempts(), " attempts");
  if (is_time && sample->ms().empty()) {
    verdict->set_seen(failed);
    return;
  }
  const double seen = is_time ? TimeOf(*sample, metric.statistic()) : CountOf(*sample, metric.statistic());
  if (std::isinf(seen)) {
    verdict->set_seen(absl::StrCat("none: ", failed));
    return;
  }
  std::string text = absl::StrFormat("%.4g%s, of %d attempts", seen, is_time ? " ms" : "", sample->attempts());
  const bool met = Compares(seen, metric.comparison(), metric.value());
  const std::string unheard = met ? Unheard(*sample, RunsOf(point, stage).size()) : "";
  if (!unheard.empty()) absl::StrAppend(&text, "; ", unheard);
  verdict->set_seen(text);
  verdict->set_met(met && unheard.empty());
  verdict->set_undecided(!unheard.empty());
}

// "lower", "higher" or "no_difference", of after against before.
void JudgeChange(const v1::PointResult& point, const v1::MetricExpectation& metric, v1::Verdict* verdict) {
  verdict->set_what(
      absl::StrCat(metric.side(), ".", metric.step(), ".", metric.statistic(), " ", metric.comparison(), " after"));
  const v1::Sample* before = FindSample(point.samples(), metric.side(), metric.step(), "before");
  const v1::Sample* after = FindSample(point.samples(), metric.side(), metric.step(), "after");
  if (before == nullptr || after == nullptr) {
    verdict->set_seen("this step was not tried both before and after");
    verdict->set_undecided(true);
    return;
  }
  for (const v1::Sample* sample : {before, after}) {
    const std::string unheard = Unheard(*sample, RunsOf(point, sample->stage()).size());
    if (unheard.empty()) continue;
    verdict->set_seen(absl::StrCat(sample->stage(), " the change, ", unheard));
    verdict->set_undecided(true);
    return;
  }
  const v1::Change change = ChangeOf(*before, *after);
  const bool of_failures = metric.statistic() == "failures";
  std::string word = of_failures ? change.failures() : change.verdict();
  if (word.empty()) {  // nothing failed: were there enough runs to have shown a difference?
    const std::vector<double> shares(before->run_failure_shares().begin(), before->run_failure_shares().end());
    const bool few =
        RankTest(shares, {after->run_failure_shares().begin(), after->run_failure_shares().end()}).lowest_p > kAlpha;
    word = few ? "too few to show any" : "no difference shown";
  }
  verdict->set_seen(of_failures ? absl::StrCat(word, ": ", FailuresText(*before, *after)) : change.text());
  if (word == "too few to show any" || word == "not comparable") {
    verdict->set_undecided(true);
    return;
  }
  const std::string wanted = metric.comparison() == "no_difference" ? "no difference shown"
                             : !of_failures                         ? metric.comparison()
                             : metric.comparison() == "lower"       ? "fewer"
                                                                    : "more";
  // Those that still succeed may well be quicker where more of them fail.
  const bool fewer_to_time = !of_failures && change.failures() == "more" && wanted != "higher";
  verdict->set_met(word == wanted && !fewer_to_time);
}

bool IsOfChange(const v1::MetricExpectation& metric) {
  return metric.comparison() == "lower" || metric.comparison() == "higher" || metric.comparison() == "no_difference";
}

void JudgeOne(const v1::Expectation& expectation, const std::string& stage, v1::PointResult* point) {
  const auto add = [&] {
    v1::Verdict* verdict = point->add_verdicts();
    verdict->set_stage(stage);
    verdict->set_line(expectation.line());
    return verdict;
  };
  if (!expectation.status().empty()) JudgeWord(*point, stage, "status is", expectation.status(), StatusWord, add());
  if (!expectation.cause().empty()) JudgeWord(*point, stage, "cause is", expectation.cause(), CauseWord, add());
  for (const v1::MetricExpectation& metric : expectation.metrics()) {
    if (!IsOfChange(metric)) JudgeMetric(*point, stage, metric, add());
  }
}

void JudgePoint(const v1::Experiment& experiment, v1::PointResult* point) {
  const bool staged = !experiment.change().empty();
  v1::Expectation healthy;
  healthy.set_status("healthy");
  if (experiment.expect().empty()) JudgeOne(healthy, staged ? "after" : "", point);
  for (const v1::Expectation& expectation : experiment.expect()) {
    if (!Holds(expectation, point->point())) continue;
    std::vector<std::string> stages = {expectation.stage()};
    if (staged && expectation.stage().empty()) stages = {"before", "after"};
    for (const std::string& stage : stages) JudgeOne(expectation, stage, point);
    for (const v1::MetricExpectation& metric : expectation.metrics()) {
      if (!IsOfChange(metric)) continue;
      v1::Verdict* verdict = point->add_verdicts();
      verdict->set_line(expectation.line());
      JudgeChange(*point, metric, verdict);
    }
  }
}

}  // namespace

void Judge(v1::ExperimentResult* result) {
  for (v1::PointResult& point : *result->mutable_points()) {
    point.clear_summaries();
    point.clear_changes();
    point.clear_verdicts();
    for (const v1::Sample& sample : point.samples()) *point.add_summaries() = Summarize(sample);
    for (v1::Change& change : Changes(point.samples())) *point.add_changes() = std::move(change);
    JudgePoint(result->experiment(), &point);
  }
}

int ExitCode(const v1::ExperimentResult& result) {
  if (result.interrupted()) return 130;
  bool undecided = !result.stopped().empty() || result.points().empty();
  for (const v1::PointResult& point : result.points()) {
    for (const v1::Verdict& verdict : point.verdicts()) {
      if (!verdict.met() && !verdict.undecided()) return 1;
      undecided = undecided || verdict.undecided();
    }
  }
  return undecided ? 3 : 0;
}

}  // namespace parallax::experiment
