#include "controller/experiment/expectations.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/diagnose/catalogue.h"
#include "controller/experiment/matrix.h"
#include "controller/experiment/samples.h"
#include "controller/plan/values.h"

namespace parallax::experiment {
namespace {

constexpr std::string_view kStatuses[] = {"healthy", "diverged", "both_failed", "cannot_tell"};
constexpr std::string_view kStages[] = {"before", "after"};
constexpr std::string_view kStatistics[] = {"median_ms", "p95_ms",   "min_ms",      "max_ms",
                                            "count",     "failures", "success_rate"};
// Longest first, so that "<=" is not read as "<".
constexpr std::string_view kComparisons[] = {"<=", ">=", "==", "<", ">"};
constexpr std::string_view kChanges[] = {"lower", "higher", "no_difference"};

template <size_t N>
std::vector<std::string> Words(const std::string_view (&words)[N]) {
  return {std::begin(words), std::end(words)};
}

std::string Choices(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = plan::Nearest(word, known);
  return near.empty() ? absl::StrCat("it is one of ", absl::StrJoin(known, ", "))
                      : absl::StrCat("did you mean '", near, "'?");
}

absl::Status Unknown(std::string_view what, const std::string& word, const std::vector<std::string>& known) {
  return absl::InvalidArgumentError(absl::StrCat("there is no ", std::string(what), " '", contract::Printable(word, 80),
                                                 "': ", Choices(word, known)));
}

class ExpectationReader {
 public:
  ExpectationReader(const Reader& reader, v1::Experiment* experiment) : reader_(reader), experiment_(*experiment) {}

  absl::Status Read(const YamlNode& node, const std::string& stage) {
    if (node.is_list()) {
      for (const YamlNode& item : node.items) {
        if (absl::Status status = Read(item, stage); !status.ok()) return status;
      }
      return absl::OkStatus();
    }
    if (node.is_scalar()) {
      auto status = reader_.OneOf(node, kStatuses);
      if (!status.ok()) return status.status();
      v1::Expectation* expectation = Add(node, stage);
      expectation->set_status(*status);
      return absl::OkStatus();
    }
    if (!node.is_map() || node.items.empty()) {
      return reader_.Error(node, "what is expected? Write a status such as healthy, or cause: and a cause");
    }
    return ReadMap(node, stage);
  }

 private:
  v1::Expectation* Add(const YamlNode& node, const std::string& stage) {
    v1::Expectation* expectation = experiment_.add_expect();
    expectation->set_stage(stage);
    expectation->set_line(node.line);
    return expectation;
  }

  absl::Status CheckStage(const YamlNode& node, const std::string& outer) const {
    if (!outer.empty()) return reader_.Error(node, "this already stands under one stage");
    if (experiment_.change().empty()) {
      return reader_.Error(node, "before and after what? There is no 'change:' in this experiment");
    }
    return absl::OkStatus();
  }

  absl::Status ReadMap(const YamlNode& node, const std::string& stage) {
    const bool staged = node.Find("before") != nullptr || node.Find("after") != nullptr;
    if (staged) return ReadStages(node, stage);
    v1::Expectation expectation;
    expectation.set_stage(stage);
    expectation.set_line(node.line);
    for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
      if (absl::Status status = ReadItem(node.items[i], node.items[i + 1], &expectation); !status.ok()) return status;
    }
    if (expectation.status().empty() && expectation.cause().empty() && expectation.metrics().empty()) {
      return reader_.Error(node, "nothing is expected here: add cause:, status: or a metric");
    }
    *experiment_.add_expect() = std::move(expectation);
    return absl::OkStatus();
  }

  absl::Status ReadStages(const YamlNode& node, const std::string& outer) {
    for (size_t i = 0; i + 1 < node.items.size(); i += 2) {
      const YamlNode& key = node.items[i];
      if (key.text != "before" && key.text != "after") return reader_.UnknownKey(key, Words(kStages));
      if (absl::Status status = CheckStage(key, outer); !status.ok()) return status;
      if (absl::Status status = Read(node.items[i + 1], key.text); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ReadItem(const YamlNode& key, const YamlNode& value, v1::Expectation* expectation) {
    if (key.text == "status") {
      auto status = reader_.OneOf(value, kStatuses);
      if (!status.ok()) return status.status();
      expectation->set_status(*status);
      return absl::OkStatus();
    }
    if (key.text == "cause") return ReadCause(value, expectation);
    if (key.text == "when") return ReadWhen(value, expectation);
    if (key.text == "stage") {
      if (absl::Status status = CheckStage(key, expectation->stage()); !status.ok()) return status;
      auto stage = reader_.OneOf(value, kStages);
      if (!stage.ok()) return stage.status();
      expectation->set_stage(*stage);
      return absl::OkStatus();
    }
    if (key.text.find('.') == std::string::npos) {
      return reader_.UnknownKey(key, {"status", "cause", "when", "stage", "before", "after", "SIDE.STEP.STATISTIC"});
    }
    auto text = reader_.Text(value);
    if (!text.ok()) return text.status();
    auto metric = ParseMetric(key.text, *text, experiment_);
    if (!metric.ok()) return reader_.Error(key, std::string(metric.status().message()));
    if (PoolsTargets(experiment_)) {
      return reader_.Error(key, "several targets would be one number: vary them instead, matrix: {target: [URL, URL]}");
    }
    *expectation->add_metrics() = *std::move(metric);
    return absl::OkStatus();
  }

  absl::Status ReadCause(const YamlNode& value, v1::Expectation* expectation) {
    auto cause = reader_.Text(value);
    if (!cause.ok()) return cause.status();
    std::vector<std::string> known;
    for (const diagnose::Cause& one : diagnose::Catalogue()) known.emplace_back(one.id);
    if (std::find(known.begin(), known.end(), *cause) == known.end()) {
      const std::string near = plan::Nearest(*cause, known);
      return reader_.Error(value, absl::StrCat("there is no cause '", contract::Printable(*cause, 80), "'",
                                               near.empty() ? " (parallax causes lists them)"
                                                            : absl::StrCat("; did you mean '", near, "'?")));
    }
    expectation->set_cause(*cause);
    return absl::OkStatus();
  }

  absl::Status ReadWhen(const YamlNode& value, v1::Expectation* expectation) {
    if (!value.is_map()) return reader_.Error(value, "write when: {KEY: VALUE} with a key of the matrix");
    for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
      const YamlNode& key = value.items[i];
      std::vector<std::string> known;
      const v1::Axis* axis = nullptr;
      for (const v1::Axis& candidate : experiment_.matrix()) {
        known.push_back(candidate.key());
        if (candidate.key() == key.text) axis = &candidate;
      }
      if (axis == nullptr && known.empty()) {
        return reader_.Error(key, "when: chooses points of a 'matrix:', and there is none in this experiment");
      }
      if (axis == nullptr) return reader_.UnknownKey(key, known);
      const std::vector<std::string> values(axis->values().begin(), axis->values().end());
      const std::vector<std::string_view> views(values.begin(), values.end());
      auto word = reader_.OneOf(value.items[i + 1], views);
      if (!word.ok()) return word.status();
      v1::PointValue* item = expectation->add_when();
      item->set_key(key.text);
      item->set_value(*word);
    }
    return absl::OkStatus();
  }

  const Reader& reader_;
  v1::Experiment& experiment_;
};

}  // namespace

absl::StatusOr<v1::MetricExpectation> ParseMetric(std::string_view name, std::string_view value,
                                                  const v1::Experiment& experiment) {
  v1::MetricExpectation metric;
  const size_t last = name.rfind('.');
  const size_t middle = last == std::string_view::npos || last == 0 ? last : name.rfind('.', last - 1);
  if (last == std::string_view::npos || middle == std::string_view::npos || last == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", contract::Printable(name, 80), "' is no metric: write SIDE.STEP.STATISTIC, as in outside.connect.p95_ms"));
  }
  metric.set_side(std::string(name.substr(0, middle)));
  metric.set_step(std::string(name.substr(middle + 1, last - middle - 1)));
  metric.set_statistic(std::string(name.substr(last + 1)));
  std::vector<std::string> sides;
  for (const v1::NamedVantage& side : experiment.sides()) sides.push_back(side.name());
  if (std::find(sides.begin(), sides.end(), metric.side()) == sides.end()) return Unknown("side", metric.side(), sides);
  const std::vector<std::string> steps = StepNames();
  if (std::find(steps.begin(), steps.end(), metric.step()) == steps.end()) return Unknown("step", metric.step(), steps);
  if (std::find(std::begin(kStatistics), std::end(kStatistics), metric.statistic()) == std::end(kStatistics)) {
    return Unknown("statistic", metric.statistic(), Words(kStatistics));
  }
  for (const std::string_view change : kChanges) {
    if (value != change) continue;
    if (experiment.change().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", std::string(change), "' than what? There is no 'change:' in this experiment"));
    }
    if (metric.statistic() != "median_ms" && metric.statistic() != "failures") {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", std::string(change), "' is tested of median_ms and of failures, not of ", metric.statistic()));
    }
    metric.set_comparison(std::string(change));
    return metric;
  }
  for (const std::string_view comparison : kComparisons) {
    if (!value.starts_with(comparison)) continue;
    metric.set_comparison(std::string(comparison));
    std::string_view number = value.substr(comparison.size());
    number.remove_prefix(std::min(number.find_first_not_of(' '), number.size()));
    double wanted = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), wanted);
    if (number.empty() || error != std::errc() || end != number.data() + number.size() || !(wanted >= 0) ||
        wanted > 1e12) {
      break;
    }
    metric.set_value(wanted);
    return metric;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", contract::Printable(value, 80),
                   "' is no condition: write '< 80' (or <=, >, >=, ==) in quotes, or lower, higher, no_difference"));
}

absl::Status ReadExpectations(const YamlNode& node, const Reader& reader, v1::Experiment* experiment) {
  return ExpectationReader(reader, experiment).Read(node, "");
}

}  // namespace parallax::experiment
