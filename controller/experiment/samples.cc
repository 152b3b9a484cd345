#include "controller/experiment/samples.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "contract/names.h"
#include "controller/experiment/statistics.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::experiment {
namespace {

constexpr double kNsPerMs = 1e6;
constexpr char kTotal[] = "total";

using Samples = google::protobuf::RepeatedPtrField<v1::Sample>;

v1::Sample* Get(const std::string& side, const std::string& step, const std::string& stage, Samples* samples) {
  for (v1::Sample& sample : *samples) {
    if (sample.side() == side && sample.step() == step && sample.stage() == stage) return &sample;
  }
  v1::Sample* sample = samples->Add();
  sample->set_side(side);
  sample->set_step(step);
  sample->set_stage(stage);
  return sample;
}

// What the probes that are about the target itself are called.
std::set<std::string> TargetProbes(const v1::Run& run) {
  std::set<std::string> names;
  for (const v1::Phase& phase : run.phases()) {
    v1::Plan plan;
    if (!plan.ParseFromString(phase.plan_bytes())) continue;
    for (const v1::ProbeSpec& spec : plan.probes()) {
      if (spec.role() == v1::TARGET || spec.role() == v1::CLIENT || spec.role() == v1::HEALTH)
        names.insert(spec.name());
    }
  }
  return names;
}

struct OfOneRun {
  std::vector<double> ms;
  uint32_t attempts = 0;
  uint32_t failures = 0;

  void Count(bool succeeded, int64_t duration_ns) {
    ++attempts;
    if (succeeded) {
      ms.push_back(static_cast<double>(duration_ns) / kNsPerMs);
    } else {
      ++failures;
    }
  }
};

std::string TestWord(double p, double lowest_p, bool up, const char* more, const char* less) {
  if (p <= kAlpha) return up ? more : less;
  return lowest_p > kAlpha ? "too few to show any" : "no difference shown";
}

}  // namespace

void AddRun(const v1::Run& run, const std::string& stage, Samples* samples) {
  const std::set<std::string> asked = TargetProbes(run);
  // In the order of the sides, and of the steps' first appearance, so that tables read as the probe went.
  std::vector<std::pair<std::string, std::string>> order;
  std::map<std::pair<std::string, std::string>, OfOneRun> seen;
  const auto count = [&](const std::string& side, const std::string& step, bool succeeded, int64_t duration_ns) {
    const auto key = std::pair(side, step);
    if (!seen.contains(key)) order.push_back(key);
    seen[key].Count(succeeded, duration_ns);
  };
  for (const v1::Side& side : run.sides()) {
    for (const v1::SideObservation& kept : run.observations()) {
      const v1::Observation& observation = kept.observation();
      if (kept.side() != side.name() || !asked.contains(observation.probe())) continue;
      // A probe that could not be asked says nothing of the target.
      if (!observation.error().empty() && observation.steps().empty()) continue;
      for (const v1::Step& step : observation.steps()) {
        if (!step.variant().empty()) continue;
        count(side.name(), contract::Name(step.kind()), step.failure() == v1::NONE, step.duration_ns());
      }
      count(side.name(), kTotal, observation.outcome() == v1::NONE, observation.duration_ns());
    }
  }
  for (const auto& key : order) {
    const OfOneRun& one = seen[key];
    v1::Sample* sample = Get(key.first, key.second, stage, samples);
    sample->mutable_ms()->Add(one.ms.begin(), one.ms.end());
    sample->set_attempts(sample->attempts() + one.attempts);
    sample->set_failures(sample->failures() + one.failures);
    if (!one.ms.empty()) sample->add_run_medians_ms(Median(one.ms));
    sample->set_runs(sample->runs() + 1);
    if (one.failures > 0) sample->set_failed_runs(sample->failed_runs() + 1);
  }
}

v1::Summary Summarize(const v1::Sample& sample) {
  v1::Summary summary;
  summary.set_side(sample.side());
  summary.set_step(sample.step());
  summary.set_stage(sample.stage());
  summary.set_attempts(sample.attempts());
  summary.set_failures(sample.failures());
  if (sample.ms().empty()) return summary;
  const std::vector<double> ms(sample.ms().begin(), sample.ms().end());
  summary.set_min_ms(*std::min_element(ms.begin(), ms.end()));
  summary.set_max_ms(*std::max_element(ms.begin(), ms.end()));
  summary.set_median_ms(Median(ms));
  summary.set_p95_ms(Quantile(ms, 0.95));
  const Interval interval = MedianInterval(ms);
  summary.set_low_ms(interval.low);
  summary.set_high_ms(interval.high);
  summary.set_confidence(interval.confidence);
  return summary;
}

v1::Change ChangeOf(const v1::Sample& before, const v1::Sample& after) {
  const Shift shift = RankTest({before.run_medians_ms().begin(), before.run_medians_ms().end()},
                               {after.run_medians_ms().begin(), after.run_medians_ms().end()});
  v1::Change change;
  change.set_side(after.side());
  change.set_step(after.step());
  std::string text;
  if (before.run_medians_ms().empty() || after.run_medians_ms().empty()) {
    change.set_verdict("not comparable");
    text = absl::StrCat("not comparable: it never succeeded ", before.run_medians_ms().empty() ? "before" : "after",
                        " the change");
  } else {
    change.set_shift_ms(shift.difference);
    change.set_verdict(TestWord(shift.p, shift.lowest_p, shift.difference > 0, "higher", "lower"));
    text = absl::StrCat(change.verdict(), " (", absl::StrFormat("%+.3g", shift.difference), " ms, ",
                        before.run_medians_ms_size(), " runs against ", after.run_medians_ms_size(), ")");
  }
  if (before.failed_runs() + after.failed_runs() > 0) {
    const double p = FisherTest(before.failed_runs(), before.runs(), after.failed_runs(), after.runs());
    const bool more = static_cast<uint64_t>(after.failed_runs()) * before.runs() >
                      static_cast<uint64_t>(before.failed_runs()) * after.runs();
    change.set_failures(TestWord(p, LowestFisher(before.runs(), after.runs()), more, "more", "fewer"));
    absl::StrAppend(&text, "; failures ", change.failures(), ": in ", before.failed_runs(), " of ", before.runs(),
                    " runs before, in ", after.failed_runs(), " of ", after.runs(), " after");
  }
  change.set_text(text);
  return change;
}

std::vector<v1::Change> Changes(const Samples& samples) {
  std::vector<v1::Change> changes;
  for (const v1::Sample& after : samples) {
    const v1::Sample* before = FindSample(samples, after.side(), after.step(), "before");
    if (after.stage() == "after" && before != nullptr) changes.push_back(ChangeOf(*before, after));
  }
  return changes;
}

const v1::Sample* FindSample(const Samples& samples, const std::string& side, const std::string& step,
                             const std::string& stage) {
  for (const v1::Sample& sample : samples) {
    if (sample.side() == side && sample.step() == step && sample.stage() == stage) return &sample;
  }
  return nullptr;
}

}  // namespace parallax::experiment
