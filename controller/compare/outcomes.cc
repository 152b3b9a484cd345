#include "controller/compare/outcomes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "contract/steps.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

// The value that came most often; the first of those that came equally often.
template <typename T>
T MostFrequent(const std::vector<T>& values, T otherwise) {
  std::map<T, size_t> counts;
  for (const T& value : values) ++counts[value];
  T best = otherwise;
  size_t best_count = 0;
  for (const T& value : values) {
    if (counts[value] > best_count) {
      best = value;
      best_count = counts[value];
    }
  }
  return best;
}

v1::StepSummary SummarizeStep(const std::vector<const v1::Step*>& steps) {
  v1::StepSummary summary;
  summary.set_kind(steps.front()->kind());
  summary.set_variant(steps.front()->variant());
  std::vector<int64_t> durations;
  std::vector<v1::Failure> failures;
  std::set<v1::Failure> classes;
  for (const v1::Step* step : steps) {
    summary.set_seen(summary.seen() + 1);
    summary.set_max_bytes_in(std::max(summary.max_bytes_in(), step->bytes_in()));
    classes.insert(FailureClass(step->failure()));
    if (step->failure() == v1::NONE) {
      summary.set_succeeded(summary.succeeded() + 1);
    } else {
      failures.push_back(step->failure());
    }
  }
  // One failure among successes is still a failure: what is told of the step is the worse.
  summary.set_failure(MostFrequent(failures, v1::NONE));
  summary.set_steady(classes.size() == 1);
  const v1::Step* sample = nullptr;
  for (const v1::Step* step : steps) {
    if (step->failure() != summary.failure()) continue;
    if (sample == nullptr) sample = step;
    durations.push_back(step->duration_ns());
  }
  std::sort(durations.begin(), durations.end());
  summary.set_min_ns(durations.front());
  summary.set_median_ns(durations[durations.size() / 2]);
  summary.set_max_ns(durations.back());
  *summary.mutable_sample() = *sample;
  summary.set_end(sample->end());
  return summary;
}

// The step at which the attempt ended, when it failed.
const v1::Step* FailedStep(const v1::Observation& observation) {
  for (const v1::Step& step : observation.steps()) {
    if (step.failure() == observation.outcome()) return &step;
  }
  return nullptr;
}

}  // namespace

v1::Failure FailureClass(v1::Failure failure) {
  if (failure == v1::RESET_BEFORE_FIRST_BYTE) return v1::CLOSED_BEFORE_FIRST_BYTE;
  return failure == v1::RESET ? v1::CLOSED : failure;
}

v1::SideOutcome Summarize(const std::string& side, const std::vector<const v1::Observation*>& observations) {
  v1::SideOutcome outcome;
  outcome.set_side(side);
  std::map<uint32_t, const v1::Observation*> attempts;
  for (const v1::Observation* observation : observations) attempts.emplace(observation->attempt(), observation);
  if (attempts.empty()) return outcome;
  outcome.set_present(true);

  using Key = std::pair<v1::StepKind, std::string>;
  std::vector<Key> order;
  std::map<Key, std::vector<const v1::Step*>> steps;
  std::vector<v1::Failure> failures;
  std::vector<v1::StepKind> failed_steps;
  std::set<v1::Failure> classes;
  for (const auto& [attempt, observation] : attempts) {
    *outcome.add_observations() = *observation;
    outcome.set_attempts(outcome.attempts() + 1);
    if (!observation->error().empty()) outcome.set_error(observation->error());
    if (!observation->address().empty()) outcome.set_address(observation->address());
    classes.insert(FailureClass(observation->outcome()));
    for (const v1::Step& step : observation->steps()) {
      const Key key(step.kind(), step.variant());
      if (steps[key].empty()) order.push_back(key);
      steps[key].push_back(&step);
      if (step.failure() == v1::NONE && step.variant().empty()) outcome.set_last_good_step(step.kind());
    }
    if (observation->outcome() == v1::NONE) {
      outcome.set_succeeded(outcome.succeeded() + 1);
      continue;
    }
    failures.push_back(observation->outcome());
    if (const v1::Step* failed = FailedStep(*observation)) failed_steps.push_back(failed->kind());
  }
  for (const Key& key : order) *outcome.add_steps() = SummarizeStep(steps[key]);
  outcome.set_steady(classes.size() == 1);
  outcome.set_failure(MostFrequent(failures, v1::NONE));
  outcome.set_failed_step(MostFrequent(failed_steps, v1::STEP_KIND_UNSPECIFIED));
  return outcome;
}

v1::Judgement Judge(v1::Role role, const v1::SideOutcome* reference, const v1::SideOutcome* subject) {
  if (reference == nullptr || subject == nullptr || !reference->present() || !subject->present())
    return v1::ONE_MISSING;
  const auto good = [&](const v1::SideOutcome& side) {
    return role == v1::POSITIVE_CONTROL ? Answered(side) : Fine(side);
  };
  if (good(*reference)) return good(*subject) ? v1::BOTH_FINE : v1::ONLY_OUTSIDE_FAILED;
  if (good(*subject)) return v1::ONLY_INSIDE_FAILED;
  const bool alike = FailureClass(reference->failure()) == FailureClass(subject->failure()) &&
                     reference->failed_step() == subject->failed_step();
  return alike ? v1::BOTH_FAILED_ALIKE : v1::BOTH_FAILED_DIFFERENTLY;
}

bool Fine(const v1::SideOutcome& outcome) {
  return outcome.present() && outcome.attempts() > 0 && outcome.succeeded() == outcome.attempts();
}

bool Answered(const v1::SideOutcome& outcome) {
  return std::any_of(outcome.steps().begin(), outcome.steps().end(), [](const v1::StepSummary& step) {
    return contract::AboutStep(step.kind()).peer_speaks && step.max_bytes_in() > 0;
  });
}

const v1::StepSummary* EndingStep(const v1::SideOutcome& outcome) {
  if (Fine(outcome)) return nullptr;
  for (const v1::StepSummary& step : outcome.steps()) {
    if (step.kind() == outcome.failed_step() && step.failure() != v1::NONE && step.variant().empty()) return &step;
  }
  for (const v1::StepSummary& step : outcome.steps()) {
    if (step.failure() == outcome.failure()) return &step;
  }
  return nullptr;
}

const v1::StepSummary* MainStep(const v1::SideOutcome& outcome, v1::StepKind kind) {
  return FindStep(outcome, kind, "");
}

}  // namespace parallax::compare
