#include "controller/report/diff_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "contract/names.h"
#include "controller/compare/words.h"
#include "controller/report/columns.h"
#include "controller/report/json_message.h"
#include "controller/report/layout.h"
#include "controller/report/page.h"
#include "controller/report/sheet/rows.h"

namespace parallax::report {
namespace {

const v1::TargetReport* FindTarget(const v1::Report& report, const std::string& url) {
  for (const v1::TargetReport& target : report.targets()) {
    if (target.comparison().target().url() == url) return &target;
  }
  return nullptr;
}

// What is told of a target, in the order in which it is read: the verdict, then each side.
std::vector<std::pair<std::string, std::string>> Told(const v1::TargetReport& target) {
  const v1::Comparison& comparison = target.comparison();
  const v1::Finding& verdict = target.diagnosis().verdict();
  std::vector<std::pair<std::string, std::string>> told = {{"status", contract::Name(comparison.status())},
                                                           {"cause", verdict.cause()}};
  const v1::Difference& difference = comparison.first_difference();
  told.emplace_back("first difference", comparison.has_first_difference() ? compare::StepLabel(difference.step()) : "");
  for (const v1::SideSummary& side : comparison.sides()) {
    const auto add = [&](const char* what, std::string value) {
      told.emplace_back(absl::StrCat(side.name(), " ", what), std::move(value));
    };
    add("vantage", side.vantage());
    add("missing", side.missing());
    add("proved", side.rung() == v1::RUNG_UNSPECIFIED ? "" : contract::Name(side.rung()));
    add("addresses", absl::StrJoin(side.addresses(), " "));
    add("certificate", compare::ShortDigest(side.identity()));
    add("server", side.server_identity());
    add("route", side.route().interface());
    add("carrier", side.carrier().holder().name());
    add("connects", contract::Name(side.locality()));
  }
  return told;
}

std::vector<DiffLine> Lines(const v1::TargetReport* before, const v1::TargetReport* after) {
  if (before == nullptr || after == nullptr) {
    return {
        {"target", before == nullptr ? "not in this run" : "probed", after == nullptr ? "not in this run" : "probed"}};
  }
  std::vector<DiffLine> lines;
  for (auto& [what, value] : Told(*before)) lines.push_back({what, value, ""});
  for (const auto& told : Told(*after)) {  // no structured binding: clang 14 lets no lambda see one
    const auto& what = told.first;
    auto line = std::find_if(lines.begin(), lines.end(), [&](const DiffLine& known) { return known.what == what; });
    if (line == lines.end()) line = lines.insert(lines.end(), {what, "", ""});
    line->after = told.second;
  }
  std::erase_if(lines, [](const DiffLine& line) { return line.before.empty() && line.after.empty(); });
  return lines;
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }

}  // namespace

std::vector<TargetDiff> Diff(const DiffSide& before, const DiffSide& after) {
  std::vector<TargetDiff> diffs;
  for (const v1::Report* report : {&before.report, &after.report}) {
    for (const v1::TargetReport& target : report->targets()) {
      const std::string& url = target.comparison().target().url();
      const bool known =
          std::any_of(diffs.begin(), diffs.end(), [&](const TargetDiff& diff) { return diff.url == url; });
      if (!known) diffs.push_back({url, Lines(FindTarget(before.report, url), FindTarget(after.report, url))});
    }
  }
  return diffs;
}

bool Differs(const std::vector<TargetDiff>& diffs) {
  return std::any_of(diffs.begin(), diffs.end(), [](const TargetDiff& diff) {
    return std::any_of(diff.lines.begin(), diff.lines.end(),
                       [](const DiffLine& line) { return line.before != line.after; });
  });
}

bool SameTargets(const DiffSide& before, const DiffSide& after) {
  const auto urls = [](const v1::Report& report) {
    std::multiset<std::string> all;
    for (const v1::TargetReport& target : report.targets()) all.insert(target.comparison().target().url());
    return all;
  };
  return urls(before.report) == urls(after.report);
}

std::string DiffText(const DiffSide& before, const DiffSide& after, const std::vector<v1::Change>& changes,
                     const TextOptions& options) {
  Page page(static_cast<size_t>(std::clamp(options.columns, 60, 400)), options.colour);
  for (const TargetDiff& diff : Diff(before, after)) {
    page.Blank();
    page.Add(Clean(diff.url), Style::kBold);
    std::vector<Row> rows;
    for (const DiffLine& line : diff.lines) {
      const bool same = line.before == line.after;
      Row row;
      row.label = line.what;
      row.cells = {{OrDash(line.before), same ? Style::kDim : Style::kPlain},
                   {same ? "the same" : OrDash(line.after), same ? Style::kDim : Style::kBold}};
      rows.push_back(std::move(row));
    }
    DrawRows({before.run.id().substr(0, 12), after.run.id().substr(0, 12)}, rows, page);
  }
  if (!SameTargets(before, after)) {
    page.Blank();
    page.Paragraph("", "Not the same targets: the times of their steps are not set against each other.", Style::kDim);
  } else if (!changes.empty()) {
    page.Blank();
    page.Add("medians of the steps, the second run against the first", Style::kBold);
    for (const v1::Change& change : changes) {
      page.Paragraph(
          absl::StrCat("  ", Pad(Clean(change.side()), 9), " ", Pad(change.step(), 16), " "),
          change.verdict() == "not comparable" ? Clean(change.text()) : absl::StrFormat("%+.3g ms", change.shift_ms()));
    }
    page.Paragraph("  ",
                   "Two single runs: how much of this is chance cannot be told. An experiment with a change: and "
                   "several rounds tells it.",
                   Style::kDim);
  }
  page.Blank();
  page.Add(Differs(Diff(before, after)) ? "The runs differ." : "The runs tell the same.", Style::kBold);
  return page.Take();
}

std::string DiffJson(const DiffSide& before, const DiffSide& after, const std::vector<v1::Change>& changes) {
  nlohmann::ordered_json json;
  const std::vector<TargetDiff> diffs = Diff(before, after);
  json["schemaVersion"] = 1;
  json["before"] = before.run.id();
  json["after"] = after.run.id();
  json["differ"] = Differs(diffs);
  json["sameTargets"] = SameTargets(before, after);
  json["targets"] = nlohmann::ordered_json::array();
  for (const TargetDiff& diff : diffs) {
    nlohmann::ordered_json lines = nlohmann::ordered_json::array();
    for (const DiffLine& line : diff.lines) {
      lines.push_back(
          {{"what", line.what}, {"before", line.before}, {"after", line.after}, {"same", line.before == line.after}});
    }
    json["targets"].push_back({{"target", diff.url}, {"lines", std::move(lines)}});
  }
  json["changes"] = nlohmann::ordered_json::array();
  for (const v1::Change& change : changes) json["changes"].push_back(MessageJson(change));
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace parallax::report
