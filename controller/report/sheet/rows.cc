#include "controller/report/sheet/rows.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "contract/names.h"
#include "contract/steps.h"
#include "controller/compare/login.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"

namespace parallax::report {
namespace {

using compare::FindSide;
using compare::FindStep;
using compare::HostPort;
using compare::StepCell;
using compare::StepLabel;

// Of the attempt that stands for the side, so that its steps follow each other; of another one where that has no such
// step.
Timing TimingOf(const v1::SideOutcome& outcome, const v1::StepSummary& summary) {
  const auto timing = [&](const v1::Step& step) {
    return Timing{static_cast<double>(step.start_ns()) / 1e6, static_cast<double>(step.duration_ns()) / 1e6,
                  summary.failure() != v1::NONE};
  };
  if (const v1::Observation* attempt = Representative(outcome); attempt != nullptr) {
    for (const v1::Step& step : attempt->steps()) {
      if (step.kind() == summary.kind() && step.variant() == summary.variant()) return timing(step);
    }
  }
  return timing(summary.sample());
}

class RowMaker {
 public:
  explicit RowMaker(const v1::Comparison& comparison) : comparison_(comparison) {}

  std::vector<Row> Make() {
    Names();
    Routes();
    Banners();
    Targets();
    Clients();
    Health();
    Rungs();
    return std::move(rows_);
  }

 private:
  Row NewRow(std::string label) const { return report::NewRow(comparison_, std::move(label)); }
  const v1::SideSummary& Side(size_t i) const { return comparison_.sides(static_cast<int>(i)); }

  // One step of a pair as a row; false when no side attempted it.
  bool StepRow(const v1::Pair& pair, v1::StepKind kind, const std::string& variant, std::string label);
  bool Worth(const v1::Pair& pair, v1::StepKind kind) const;
  void MarkDifference(const v1::Pair& pair, v1::StepKind kind, const std::string& variant, Row& row);
  void Names();
  void Resolvers(const v1::Pair& pair);
  void Routes();
  void Banners();
  void Targets();
  void TargetRows(const v1::Pair& pair, bool with_controls);
  void Expectations(const v1::Pair& pair);
  void Clients();
  void NotAsked(const v1::Pair& pair);
  void Variants(const v1::Pair& pair);
  void ConnectNote(Row& row) const;
  void Health();
  void Rungs();

  const v1::Comparison& comparison_;
  std::vector<Row> rows_;
  bool marked_ = false;
};

bool RowMaker::StepRow(const v1::Pair& pair, v1::StepKind kind, const std::string& variant, std::string label) {
  Row row = NewRow(std::move(label));
  row.ref = {"", pair.probe(), kind};
  const bool timed = pair.role() == v1::TARGET || pair.role() == v1::INVESTIGATION || pair.role() == v1::CLIENT;
  if (timed) row.timings.resize(row.cells.size());
  bool any = false;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const v1::SideOutcome* outcome = FindSide(pair, Side(i).name());
    const v1::StepSummary* step = outcome == nullptr ? nullptr : FindStep(*outcome, kind, variant);
    if (step == nullptr) continue;
    any = true;
    if (timed) row.timings[i] = TimingOf(*outcome, *step);
    const Style style = step->failure() == v1::NONE ? Style::kPlain : Style::kBad;
    row.cells[i] = {StepCell(*step), step->steady() || step->seen() < 2 ? style : Style::kDoubt};
  }
  if (!any) return false;
  MarkDifference(pair, kind, variant, row);
  if (kind == v1::CONNECT && pair.role() == v1::TARGET) ConnectNote(row);
  rows_.push_back(std::move(row));
  return true;
}

void RowMaker::MarkDifference(const v1::Pair& pair, v1::StepKind kind, const std::string& variant, Row& row) {
  const v1::Difference& first = comparison_.first_difference();
  const bool named = comparison_.has_first_difference() && comparison_.first_difference_probe() == pair.probe();
  if (marked_ || !named || first.step() != kind || first.variant() != variant) return;
  row.first_difference = marked_ = true;
}

void RowMaker::ConnectNote(Row& row) const {
  std::vector<std::string> local;
  std::vector<std::string> middlebox;
  for (const v1::SideSummary& side : comparison_.sides()) {
    const std::string who = side.vantage() == "local" ? "this laptop" : side.name();
    if (side.locality() == v1::LOCAL) local.push_back(who);
    if (side.locality() == v1::MIDDLEBOX) middlebox.push_back(side.name());
  }
  if (!local.empty()) row.note = absl::StrCat("by ", absl::StrJoin(local, " and "), ": proves nothing");
  if (!middlebox.empty()) {
    absl::StrAppend(&row.note, row.note.empty() ? "" : "; ", absl::StrJoin(middlebox, " and "),
                    ": by a middlebox on the way");
  }
}

void RowMaker::Names() {
  for (const v1::Pair& pair : comparison_.pairs()) {
    if (pair.role() != v1::NAME) continue;
    if (!StepRow(pair, v1::RESOLVE, "system", "resolve")) StepRow(pair, v1::RESOLVE, "", "resolve");
    if (!rows_.empty() && !marked_) MarkDifference(pair, v1::RESOLVE, "", rows_.back());
    Resolvers(pair);
  }
}

// The resolvers differ from side to side, so they are counted: the system resolver's answer is on the row above.
void RowMaker::Resolvers(const v1::Pair& pair) {
  Row row = NewRow("named resolvers");
  row.ref = {"", pair.probe(), v1::RESOLVER_QUERY};
  bool all_fine = true;
  bool any = false;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const v1::SideOutcome* outcome = FindSide(pair, Side(i).name());
    if (outcome == nullptr) continue;
    int asked = 0;
    int answered = 0;
    std::set<std::string> addresses;
    for (const v1::StepSummary& step : outcome->steps()) {
      if (step.kind() != v1::RESOLVER_QUERY) continue;
      ++asked;
      // "No such record" is an answer, where another record of the name is there.
      if (step.failure() == v1::NONE || step.failure() == v1::NAME_NOT_FOUND) ++answered;
      const auto& found = step.sample().resolve().addresses();
      if (step.failure() == v1::NONE) addresses.insert(found.begin(), found.end());
    }
    if (asked == 0) continue;
    any = true;
    all_fine &= answered > 0;
    std::string words = absl::StrCat(answered, " of ", asked, " answer");
    if (!addresses.empty()) absl::StrAppend(&words, ": ", absl::StrJoin(addresses, ", "));
    row.cells[i] = {std::move(words), answered > 0 ? Style::kPlain : Style::kBad};
  }
  MarkDifference(pair, v1::RESOLVER_QUERY, "", row);
  if (any && (!all_fine || row.first_difference || pair.judgement() != v1::BOTH_FINE)) rows_.push_back(std::move(row));
}

// The controls have routes too; they are shown only where one is missing.
void RowMaker::Routes() {
  std::set<std::string> addresses;
  for (const v1::Pair& pair : comparison_.pairs()) {
    if (pair.role() == v1::TARGET) addresses.insert(pair.address());
  }
  std::set<std::string> drawn;
  for (const v1::Pair& pair : comparison_.pairs()) {
    if (pair.role() != v1::ROUTE || !drawn.insert(pair.address()).second) continue;
    const bool of_target = addresses.empty() || addresses.contains(pair.address());
    if (of_target || pair.judgement() != v1::BOTH_FINE) {
      const bool one = addresses.size() < 2 && of_target;
      StepRow(pair, v1::ROUTE_LOOKUP, "", one ? "route" : absl::StrCat("to ", pair.address()));
    }
  }
}

void RowMaker::Banners() {
  Row row = NewRow(StepLabel(v1::BANNER));
  row.ref.step = v1::BANNER;
  bool any = false;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const v1::SideSummary& side = Side(i);
    if (!side.has_banner()) continue;
    any = true;
    row.cells[i] = {StepCell(side.banner()), side.banner().failure() == v1::NONE ? Style::kPlain : Style::kBad};
  }
  if (any) rows_.push_back(std::move(row));
}

void RowMaker::Targets() {
  std::vector<const v1::Pair*> targets;
  for (const v1::Pair& pair : comparison_.pairs()) {
    if (pair.role() == v1::TARGET && pair.kind() != "dns") targets.push_back(&pair);
  }
  // Where the sides part is what the reader came for: that address first.
  std::stable_partition(targets.begin(), targets.end(),
                        [&](const v1::Pair* pair) { return pair->probe() == comparison_.first_difference_probe(); });
  for (size_t i = 0; i < targets.size(); ++i) {
    if (targets.size() > 1) {
      Row heading;
      heading.label =
          HostPort(targets[i]->address().empty() ? targets[i]->host() : targets[i]->address(), targets[i]->port());
      rows_.push_back(std::move(heading));
    }
    TargetRows(*targets[i], i == 0);
  }
  if (targets.empty()) {
    AddNegativeControls(comparison_, &rows_);
    AddPositiveControls(comparison_, &rows_);
  }
  for (const v1::Pair& pair : comparison_.pairs()) {
    if (pair.role() != v1::INVESTIGATION) continue;
    Row heading;
    heading.label = absl::StrCat("asked in addition: ", pair.probe());
    rows_.push_back(std::move(heading));
    TargetRows(pair, false);
  }
}

// Startup and ready are steps of the protocol that nobody asks about while they work.
bool RowMaker::Worth(const v1::Pair& pair, v1::StepKind kind) const {
  if (kind != v1::STARTUP && kind != v1::READY) return true;
  if (pair.probe() == comparison_.first_difference_probe() && comparison_.first_difference().step() == kind)
    return true;
  return std::any_of(pair.sides().begin(), pair.sides().end(), [&](const v1::SideOutcome& outcome) {
    const v1::StepSummary* step = FindStep(outcome, kind, "");
    return step != nullptr && step->failure() != v1::NONE;
  });
}

void RowMaker::TargetRows(const v1::Pair& pair, bool with_controls) {
  const size_t before = rows_.size();
  bool controls_due = with_controls;
  const auto controls = [&] {
    if (!std::exchange(controls_due, false)) return;
    AddNegativeControls(comparison_, &rows_);
    AddPositiveControls(comparison_, &rows_);
  };
  for (const contract::StepInfo& about : contract::Steps()) {
    if (!about.staged) continue;
    const v1::StepKind kind = about.kind;
    if (kind != v1::RESOLVE && kind != v1::CONNECT) controls();
    if (Worth(pair, kind)) StepRow(pair, kind, "", StepLabel(kind));
  }
  controls();
  Expectations(pair);
  Variants(pair);
  NotAsked(pair);
  if (rows_.size() > before) return;
  rows_.push_back(NewRow(pair.kind()));
  rows_.back().ref.probe = pair.probe();
}

void RowMaker::NotAsked(const v1::Pair& pair) {
  Row asked = NewRow("not asked");
  asked.ref.probe = pair.probe();
  bool any_error = false;
  for (size_t i = 0; i < asked.cells.size(); ++i) {
    const v1::SideOutcome* outcome = FindSide(pair, Side(i).name());
    if (outcome == nullptr || outcome->error().empty()) continue;
    any_error = true;
    asked.cells[i] = {outcome->error(), Style::kDoubt};
  }
  if (any_error) rows_.push_back(std::move(asked));
}

// What was asked of an HTTP answer, a row each.
void RowMaker::Expectations(const v1::Pair& pair) {
  std::vector<std::string> variants;
  for (const v1::SideOutcome& outcome : pair.sides()) {
    for (const v1::StepSummary& step : outcome.steps()) {
      const bool known = std::find(variants.begin(), variants.end(), step.variant()) != variants.end();
      if (step.kind() == v1::EXPECTATION && !known) variants.push_back(step.variant());
    }
  }
  for (const std::string& variant : variants) StepRow(pair, v1::EXPECTATION, variant, variant);
}

// The real client, under the target's own probes.
void RowMaker::Clients() {
  const auto is_client = [](const v1::Pair& pair) { return pair.role() == v1::CLIENT; };
  const auto count = std::count_if(comparison_.pairs().begin(), comparison_.pairs().end(), is_client);
  for (const v1::Pair& pair : comparison_.pairs()) {
    if (!is_client(pair)) continue;
    if (count > 1) {
      Row heading;
      heading.label = absl::StrCat("client to ", HostPort(pair.address(), pair.port()));
      rows_.push_back(std::move(heading));
    }
    for (const contract::StepInfo& about : contract::Steps()) {
      if (!about.by_client) continue;
      const v1::StepKind kind = about.kind;
      StepRow(pair, kind, "", kind == v1::QUERY ? "client: query" : StepLabel(kind));
    }
    NotAsked(pair);
  }
}

// Rows of the sslmode matrix and the like: one row a variant, how far it went.
void RowMaker::Variants(const v1::Pair& pair) {
  std::vector<std::string> variants;
  for (const v1::SideOutcome& outcome : pair.sides()) {
    for (const v1::StepSummary& step : outcome.steps()) {
      if (step.kind() == v1::EXPECTATION) continue;  // rows of their own
      if (!step.variant().empty() && std::find(variants.begin(), variants.end(), step.variant()) == variants.end()) {
        variants.push_back(step.variant());
      }
    }
  }
  for (const std::string& variant : variants) {
    Row row = NewRow(variant);
    row.ref.probe = pair.probe();
    bool any_failed = false;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const v1::SideOutcome* outcome = FindSide(pair, Side(i).name());
      if (outcome == nullptr) continue;
      for (const v1::StepSummary& step : outcome->steps()) {
        if (step.variant() != variant) continue;
        const bool fine = step.failure() == v1::NONE;
        const std::string words =
            absl::StrCat(StepLabel(step.kind()), fine ? " ok" : absl::StrCat(": ", StepCell(step)));
        row.cells[i] = {variant == compare::kIdentity ? compare::IdentityCell(*outcome) : words,
                        fine ? Style::kPlain : Style::kBad};
        any_failed |= !fine;
        if (!fine) break;
      }
    }
    if (comparison_.first_difference().variant() == variant) {
      MarkDifference(pair, comparison_.first_difference().step(), variant, row);
    }
    // The matrix was asked for; anything else is worth a row only when it failed.
    if (any_failed || row.first_difference || variant.starts_with("sslmode=")) rows_.push_back(std::move(row));
  }
}

// What the endpoints say that stand in for agents.
void RowMaker::Health() {
  Row row = NewRow("health says");
  bool any = false;
  for (size_t i = 0; i < row.cells.size(); ++i) {
    const v1::SideSummary& side = Side(i);
    if (!side.has_health() || side.health().answered() == 0) continue;
    any = true;
    row.cells[i] = {side.health().says(), side.unlike() ? Style::kDoubt : side.healthy() ? Style::kGood : Style::kBad};
  }
  if (any) rows_.push_back(std::move(row));
}

void RowMaker::Rungs() {
  Row row = NewRow("proved");
  for (size_t i = 0; i < row.cells.size(); ++i) {
    if (!Side(i).present() || Side(i).rung() == v1::RUNG_UNSPECIFIED) continue;
    row.cells[i] = {contract::Name(Side(i).rung()), Side(i).healthy() ? Style::kGood : Style::kBold};
  }
  rows_.push_back(std::move(row));
}

}  // namespace

Row NewRow(const v1::Comparison& comparison, std::string label) {
  Row row;
  row.label = std::move(label);
  for (const v1::SideSummary& side : comparison.sides()) row.cells.push_back({side.present() ? "-" : "?", Style::kDim});
  return row;
}

const v1::Observation* Representative(const v1::SideOutcome& outcome) {
  for (const v1::Observation& attempt : outcome.observations()) {
    if (attempt.outcome() == outcome.failure()) return &attempt;
  }
  return outcome.observations().empty() ? nullptr : &outcome.observations(0);
}

std::vector<Row> Rows(const v1::Comparison& comparison) { return RowMaker(comparison).Make(); }

}  // namespace parallax::report
