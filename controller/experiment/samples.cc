#include "controller/experiment/samples.h"

#include <google/protobuf/repeated_field.h>

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "contract/names.h"
#include "contract/steps.h"
#include "controller/experiment/statistics.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::experiment {
namespace {

constexpr double kNsPerMs = 1e6;
constexpr char kClient[] = "client_";
constexpr double kNever = std::numeric_limits<double>::infinity();

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

// Probes of one kind go through the same steps.
struct ProbeKind {
  v1::Role role = v1::ROLE_UNSPECIFIED;
  v1::ProbeSpec::SpecCase what = v1::ProbeSpec::SPEC_NOT_SET;
  bool tls = false;
  auto operator<=>(const ProbeKind&) const = default;
};

ProbeKind KindOf(const v1::ProbeSpec& spec) {
  const bool tls =
      spec.has_http() ? spec.http().tls() : spec.has_postgres() && spec.postgres().ssl_mode() != v1::DISABLE;
  return {spec.role(), spec.spec_case(), tls};
}

struct Asked {
  ProbeKind kind;
  uint32_t attempts = 0;
};

// The probes that are about the target itself, by name.
std::map<std::string, Asked> TargetProbes(const v1::Run& run) {
  std::map<std::string, Asked> asked;
  for (const v1::Phase& phase : run.phases()) {
    v1::Plan plan;
    if (!plan.ParseFromString(phase.plan_bytes())) continue;
    for (const v1::ProbeSpec& spec : plan.probes()) {
      if (spec.role() == v1::TARGET || spec.role() == v1::CLIENT || spec.role() == v1::HEALTH)
        asked[spec.name()] = {KindOf(spec), plan.attempts()};
    }
  }
  return asked;
}

// One attempt: the steps that it came to, and "total".
struct Attempt {
  std::set<std::string> steps;
  bool succeeded = false;
};

struct OfOneRun {
  std::vector<double> ms;  // a failure is slower than any
  uint32_t failures = 0;

  void Count(bool succeeded, int64_t duration_ns) {
    ms.push_back(succeeded ? static_cast<double>(duration_ns) / kNsPerMs : kNever);
    if (!succeeded) ++failures;
  }
};

class RunReader {
 public:
  explicit RunReader(const v1::Run& run) : run_(run), asked_(TargetProbes(run)) {
    for (const v1::Side& side : run_.sides()) {
      for (const v1::SideObservation& kept : run_.observations()) {
        if (kept.side() == side.name()) Read(side.name(), kept.observation());
      }
    }
  }

  void AddTo(const std::string& stage, Samples* samples) const {
    for (const auto& key : order_) {
      const OfOneRun& one = seen_.at(key);
      const auto attempts = static_cast<uint32_t>(one.ms.size());
      v1::Sample* sample = Get(key.first, key.second, stage, samples);
      std::copy_if(one.ms.begin(), one.ms.end(), google::protobuf::RepeatedFieldBackInserter(sample->mutable_ms()),
                   [](double ms) { return std::isfinite(ms); });
      sample->set_attempts(sample->attempts() + attempts);
      sample->set_failures(sample->failures() + one.failures);
      if (const double median = Median(one.ms); std::isfinite(median)) sample->add_run_medians_ms(median);
      sample->set_runs(sample->runs() + 1);
      if (one.failures > 0) sample->set_failed_runs(sample->failed_runs() + 1);
      sample->add_run_failure_shares(static_cast<double>(one.failures) / attempts);
      sample->set_unreached(sample->unreached() + Unreached(key.first, key.second));
    }
  }

 private:
  using Key = std::pair<std::string, std::string>;  // side and step

  void Read(const std::string& side, const v1::Observation& observation) {
    const auto asked = asked_.find(observation.probe());
    if (asked == asked_.end()) return;
    // A probe that could not be asked says nothing of the target.
    if (!observation.error().empty() && observation.steps().empty()) return;
    Attempt attempt;
    const auto count = [&](const std::string& step, bool succeeded, int64_t duration_ns) {
      const Key key(side, step);
      if (!seen_.contains(key)) order_.push_back(key);
      seen_[key].Count(succeeded, duration_ns);
      attempt.steps.insert(step);
      steps_[asked->second.kind].insert(step);
    };
    for (const v1::Step& step : observation.steps()) {
      if (!step.variant().empty()) continue;
      count(StepName(asked->second.kind.role, step.kind()), step.failure() == v1::NONE, step.duration_ns());
    }
    attempt.succeeded = observation.outcome() == v1::NONE;
    count(StepName(asked->second.kind.role, v1::STEP_KIND_UNSPECIFIED), attempt.succeeded, observation.duration_ns());
    attempts_[{side, observation.probe()}].push_back(std::move(attempt));
    if (asked->second.kind.role == v1::HEALTH) endpoints_.insert(side);
  }

  uint32_t Unreached(const std::string& side, const std::string& step) const {
    uint32_t unreached = 0;
    for (const auto& [probe, asked] : asked_) {
      const auto steps = steps_.find(asked.kind);
      if (steps == steps_.end() || !steps->second.contains(step)) continue;
      const auto heard = attempts_.find({side, probe});
      // An endpoint is asked in place of one side's agent, and of no other.
      if ((asked.kind.role == v1::HEALTH) != endpoints_.contains(side)) continue;
      uint32_t came = 0;
      if (heard != attempts_.end()) {
        came = static_cast<uint32_t>(
            std::count_if(heard->second.begin(), heard->second.end(),
                          [&](const Attempt& attempt) { return attempt.succeeded || attempt.steps.contains(step); }));
      }
      unreached += asked.attempts - std::min(came, asked.attempts);
    }
    return unreached;
  }

  const v1::Run& run_;
  const std::map<std::string, Asked> asked_;
  // In the order of the sides, and of the steps' first appearance, so that tables read as the probe went.
  std::vector<Key> order_;
  std::map<Key, OfOneRun> seen_;
  std::map<std::pair<std::string, std::string>, std::vector<Attempt>> attempts_;  // by side and probe
  std::set<std::string> endpoints_;                   // sides that a health endpoint speaks for
  std::map<ProbeKind, std::set<std::string>> steps_;  // that any attempt came to
};

std::string TestWord(const Shift& shift, const char* more, const char* less) {
  if (shift.p <= kAlpha) return shift.direction > 0 ? more : less;
  return shift.lowest_p > kAlpha ? "too few to show any" : "no difference shown";
}

// One value a run, for a rank test.
std::vector<double> RunTimes(const v1::Sample& sample) {
  std::vector<double> ms(sample.run_medians_ms().begin(), sample.run_medians_ms().end());
  ms.resize(std::max<size_t>(ms.size(), sample.runs()), kNever);
  return ms;
}

std::string FailuresOf(const v1::Sample& sample) {
  return absl::StrCat(sample.failures(), " of ", sample.attempts(), " attempts in ", sample.failed_runs(), " of ",
                      sample.runs(), " runs");
}

}  // namespace

void AddRun(const v1::Run& run, const std::string& stage, Samples* samples) { RunReader(run).AddTo(stage, samples); }

std::string StepName(v1::Role role, v1::StepKind kind) {
  const std::string name = kind == v1::STEP_KIND_UNSPECIFIED ? "total" : contract::Name(kind);
  return role == v1::CLIENT && !name.starts_with(kClient) ? absl::StrCat(kClient, name) : name;
}

std::vector<std::string> StepNames() {
  std::vector<std::string> names;
  const auto add = [&names](v1::Role role, bool contract::StepInfo::*goes_through) {
    for (const contract::StepInfo& step : contract::Steps()) {
      if (step.*goes_through && step.measured) names.push_back(StepName(role, step.kind));
    }
    names.push_back(StepName(role, v1::STEP_KIND_UNSPECIFIED));  // the whole
  };
  add(v1::TARGET, &contract::StepInfo::staged);
  add(v1::CLIENT, &contract::StepInfo::by_client);
  return names;
}

v1::Summary Summarize(const v1::Sample& sample) {
  v1::Summary summary;
  summary.set_side(sample.side());
  summary.set_step(sample.step());
  summary.set_stage(sample.stage());
  summary.set_attempts(sample.attempts());
  summary.set_failures(sample.failures());
  summary.set_unreached(sample.unreached());
  if (sample.ms().empty()) return summary;
  const std::vector<double> ms(sample.ms().begin(), sample.ms().end());
  summary.set_min_ms(*std::min_element(ms.begin(), ms.end()));
  summary.set_max_ms(*std::max_element(ms.begin(), ms.end()));
  summary.set_median_ms(Median(ms));
  summary.set_p95_ms(Quantile(ms, 0.95));
  // Of runs, whose attempts share their moment: many attempts of few runs would make it look narrower than it is.
  const std::vector<double> medians(sample.run_medians_ms().begin(), sample.run_medians_ms().end());
  if (medians.empty() || medians.size() < sample.runs()) return summary;
  const Interval interval = MedianInterval(medians);
  if (interval.confidence == 0) return summary;
  summary.set_low_ms(interval.low);
  summary.set_high_ms(interval.high);
  summary.set_confidence(interval.confidence);
  return summary;
}

std::string NeverCame(const v1::Sample& sample) {
  if (sample.unreached() == 0) return "";
  return absl::StrCat(sample.unreached(), " of ", sample.attempts() + sample.unreached(),
                      " attempts never came to this step");
}

std::string FailuresText(const v1::Sample& before, const v1::Sample& after) {
  return absl::StrCat(FailuresOf(before), " before, ", FailuresOf(after), " after");
}

v1::Change ChangeOf(const v1::Sample& before, const v1::Sample& after, const StageWords& words) {
  v1::Change change;
  change.set_side(after.side());
  change.set_step(after.step());
  std::string text;
  const v1::Sample* never = before.run_medians_ms().empty() ? &before : &after;
  if (never->run_medians_ms().empty()) {
    change.set_verdict("not comparable");
    const std::string& when = never == &before ? words.before : words.after;
    text = never->ms().empty() ? absl::StrCat("not comparable: it never succeeded ", when)
                               : absl::StrCat("not comparable: half or more of it failed ", when,
                                              never->runs() > 1 ? ", in every run" : "");
  } else {
    const Shift shift = RankTest(RunTimes(before), RunTimes(after));
    change.set_shift_ms(shift.difference);
    change.set_verdict(TestWord(shift, "higher", "lower"));
    text = absl::StrCat(change.verdict(), " (", absl::StrFormat("%+.3g", shift.difference), " ms, ", before.runs(),
                        " runs against ", after.runs(), ")");
  }
  if (before.failed_runs() + after.failed_runs() > 0) {
    const Shift shift = RankTest({before.run_failure_shares().begin(), before.run_failure_shares().end()},
                                 {after.run_failure_shares().begin(), after.run_failure_shares().end()});
    change.set_failures(TestWord(shift, "more", "fewer"));
    absl::StrAppend(&text, "; failures ", change.failures(), ": ", FailuresText(before, after));
  }
  for (const v1::Sample* sample : {&before, &after}) {
    if (sample->unreached() > 0)
      absl::StrAppend(&text, "; ", sample == &before ? "before" : "after", ", ", NeverCame(*sample));
  }
  change.set_text(text);
  return change;
}

std::vector<v1::Change> Changes(const Samples& samples, const StageWords& words) {
  std::vector<v1::Change> changes;
  for (const v1::Sample& after : samples) {
    const v1::Sample* before = FindSample(samples, after.side(), after.step(), "before");
    if (after.stage() == "after" && before != nullptr) changes.push_back(ChangeOf(*before, after, words));
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
