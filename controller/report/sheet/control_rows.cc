#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/report/sheet/rows.h"

namespace parallax::report {

using compare::ControlCell;
using compare::FindSide;
using compare::HostPort;
using compare::StepCell;

void AddNegativeControls(const v1::Comparison& comparison, std::vector<Row>* rows) {
  Row row = NewRow(comparison, "must not connect");
  bool any = false;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    std::vector<std::pair<std::string, int>> counted;  // in order of appearance
    int all = 0;
    bool accepted = false;
    for (const v1::Pair& pair : comparison.pairs()) {
      if (pair.role() != v1::NEGATIVE_CONTROL) continue;
      const v1::SideOutcome* outcome = FindSide(pair, comparison.sides(static_cast<int>(i)).name());
      if (outcome == nullptr || !outcome->present()) continue;
      const std::string word = ControlCell(*outcome);
      accepted |= word == "accepted";
      ++all;
      auto same = std::find_if(counted.begin(), counted.end(), [&](const auto& entry) { return entry.first == word; });
      if (same == counted.end()) same = counted.insert(counted.end(), {word, 0});
      ++same->second;
    }
    if (counted.empty()) continue;
    any = true;
    std::vector<std::string> words;
    for (const auto& [word, count] : counted) {
      const bool alike = counted.size() == 1 && all > 1;
      words.push_back(alike ? absl::StrCat(word, " (", all, " of ", all, ")")
                            : absl::StrCat(word, count > 1 ? absl::StrCat(" x", count) : ""));
    }
    row.cells[i] = {absl::StrJoin(words, ", "), accepted ? Style::kDoubt : Style::kPlain};
  }
  if (!any) return;
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.role() == v1::NEGATIVE_CONTROL) row.probes.push_back(pair.probe());
  }
  rows->push_back(std::move(row));
}

void AddPositiveControls(const v1::Comparison& comparison, std::vector<Row>* rows) {
  const auto usable = [](const v1::Pair& pair) {
    const v1::SideOutcome* inside = FindSide(pair, "inside");
    return inside == nullptr || !inside->present() || compare::Answered(*inside);
  };
  const bool any_usable = std::any_of(comparison.pairs().begin(), comparison.pairs().end(), [&](const v1::Pair& pair) {
    return pair.role() == v1::POSITIVE_CONTROL && usable(pair);
  });
  for (const v1::Pair& pair : comparison.pairs()) {
    // What does not answer inside either says nothing about the path.
    if (pair.role() != v1::POSITIVE_CONTROL || (any_usable && !usable(pair))) continue;
    Row row = NewRow(comparison, "must answer");
    row.ref.probe = pair.probe();
    row.subject = HostPort(pair.address().empty() ? pair.host() : pair.address(), pair.port());
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const v1::SideOutcome* outcome = FindSide(pair, comparison.sides(static_cast<int>(i)).name());
      std::string words = comparison.sides(static_cast<int>(i)).present() ? "-" : "?";
      Style style = Style::kDim;
      if (outcome != nullptr && outcome->present()) {
        const bool fine = compare::Answered(*outcome);
        style = fine ? Style::kPlain : Style::kBad;
        words = fine ? "yes" : "no word";
        for (const v1::StepSummary& step : outcome->steps()) {
          if (!fine && step.failure() != v1::NONE) words = StepCell(step);
        }
      }
      row.cells[i] = {std::move(words), style};
    }
    rows->push_back(std::move(row));
  }
}

}  // namespace parallax::report
