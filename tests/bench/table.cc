#include "tests/bench/table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace parallax::bench {
namespace {

std::string Wanted(const Row& row) { return absl::StrFormat("%s %.4g", row.at_least ? ">=" : "<=", row.wanted); }

}  // namespace

std::string Text(const std::vector<Row>& rows) {
  std::string text =
      absl::StrFormat("%-22s %14s  %-28s %14s %8s %9s\n", "row", "ours", "against", "theirs", "ratio", "wanted");
  for (const Row& row : rows) {
    const std::string ours = absl::StrFormat("%.4g %s", row.ours, row.unit);
    const std::string peer = absl::StrFormat("%.4g %s", row.peer, row.unit);
    absl::StrAppendFormat(&text, "%-22s %14s  %-28s %14s %8.3g %9s  %s\n", row.name, ours, row.peer_name, peer,
                          row.ratio(), Wanted(row), row.met() ? "met" : "NOT MET");
  }
  text += "\n";
  for (const Row& row : rows) {
    if (!row.note.empty()) absl::StrAppend(&text, row.name, ": ", row.note, "\n");
  }
  return text;
}

std::string Json(const std::vector<Row>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    list.push_back({{"row", row.name},
                    {"unit", row.unit},
                    {"ours", row.ours},
                    {"against", row.peer_name},
                    {"theirs", row.peer},
                    {"ratio", row.ratio()},
                    {"wanted", Wanted(row)},
                    {"met", row.met()},
                    {"note", row.note}});
  }
  return list.dump(2) + "\n";
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double Least(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::min_element(values.begin(), values.end());
}

double Most(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

}  // namespace parallax::bench
