#include "controller/experiment/matrix.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/plan/addresses.h"
#include "controller/plan/quantities.h"
#include "controller/plan/target_url.h"

namespace parallax::experiment {
std::vector<std::string> AxisNames() { return {"sslmode", "address", "size", "target"}; }

absl::Status CheckAxisValue(std::string_view axis, const std::string& value) {
  const std::string shown = absl::StrCat("'", contract::Printable(value, 80), "'");
  if (axis == "sslmode" && !contract::SslModeFromName(value).has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(shown, " is none of disable, allow, prefer, require, verify-ca, verify-full"));
  }
  if (axis == "address" && !plan::IsNumeric(value)) {
    return absl::InvalidArgumentError(absl::StrCat(shown, " is no IPv4 or IPv6 address"));
  }
  if (axis == "size") return plan::ParseBytes(value).status();
  if (axis == "target") {
    const auto parsed = plan::ReadTarget(value);
    if (!parsed.ok()) return parsed.status();
    if (!parsed->password.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("a password stands in the URL of ", parsed->target.url(),
                                                     ": write password_from: env:PGPASSWORD"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPoints(const v1::Experiment& experiment) {
  uint64_t points = 1;
  std::string product;
  for (const v1::Axis& axis : experiment.matrix()) {
    if (__builtin_mul_overflow(points, static_cast<uint64_t>(axis.values_size()), &points)) {
      points = std::numeric_limits<uint64_t>::max();
    }
    absl::StrAppend(&product, product.empty() ? "" : " x ", axis.values_size());
  }
  if (points > kMaxPoints) {
    return absl::InvalidArgumentError(absl::StrCat("this matrix has ", points, " points (", product, "), at most ",
                                                   kMaxPoints, " are possible: take values out"));
  }
  const uint64_t stages = experiment.change().empty() ? 1 : 2;
  const uint64_t runs = points * stages * std::max<uint64_t>(1, experiment.rounds());
  if (runs > kMaxRuns) {
    return absl::InvalidArgumentError(
        absl::StrCat("this is ", runs, " runs (", points, " points x ", experiment.rounds(), " rounds",
                     stages == 2 ? " x before and after" : "", "), at most ", kMaxRuns, " are possible"));
  }
  return absl::OkStatus();
}

std::vector<v1::Point> Points(const v1::Experiment& experiment) {
  std::vector<v1::Point> points(1);
  for (const v1::Axis& axis : experiment.matrix()) {
    std::vector<v1::Point> wider;
    for (const v1::Point& point : points) {
      for (const std::string& value : axis.values()) {
        v1::PointValue* item = wider.emplace_back(point).add_values();
        item->set_key(axis.key());
        item->set_value(value);
      }
    }
    points = std::move(wider);
  }
  return points;
}

std::vector<size_t> RoundOrder(size_t points, uint32_t round) {
  std::vector<size_t> order;
  for (size_t i = 0; i < points; ++i) order.push_back((i + round - 1) % points);
  return order;
}

bool PoolsTargets(const v1::Experiment& experiment) {
  return experiment.targets_size() > 1 && std::none_of(experiment.matrix().begin(), experiment.matrix().end(),
                                                       [](const v1::Axis& axis) { return axis.key() == "target"; });
}

std::string Label(const v1::Point& point) {
  std::string label;
  for (const v1::PointValue& value : point.values()) {
    absl::StrAppend(&label, label.empty() ? "" : " ", value.key(), "=", value.value());
  }
  return label;
}

Setting SettingOf(const v1::Experiment& experiment, const v1::Point& point) {
  const auto& probes = experiment.probes();
  Setting setting;
  setting.targets.assign(experiment.targets().begin(), experiment.targets().end());
  setting.client_bytes = experiment.client_bytes();
  setting.client = experiment.client() || std::find(probes.begin(), probes.end(), "sql") != probes.end();
  for (const v1::PointValue& value : point.values()) {
    if (value.key() == "target") setting.targets = {value.value()};
    if (value.key() == "address") setting.address = value.value();
    if (value.key() != "size") continue;
    setting.client = true;
    setting.client_bytes = plan::ParseBytes(value.value()).value_or(0);
  }
  for (const v1::PointValue& value : point.values()) {
    if (value.key() != "sslmode") continue;
    for (std::string& url : setting.targets) url = plan::WithSslMode(url, value.value());
  }
  return setting;
}

}  // namespace parallax::experiment
