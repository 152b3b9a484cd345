#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/names.h"
#include "controller/report/columns.h"
#include "controller/report/layout.h"
#include "controller/report/page.h"
#include "controller/report/report.h"
#include "controller/report/sheet/sheet.h"
#include "controller/report/verdict.h"

namespace parallax::report {
namespace {

constexpr int kMinColumns = 60;
constexpr int kMaxColumns = 400;
constexpr size_t kMinVantage = 20;  // less of it says nothing

void DrawHeader(const Sheet& sheet, const TargetSheet& target, Page& page) {
  const std::string ids = absl::StrCat("run ", sheet.id.substr(0, 12), "   ", target.plan);
  const std::string url = Clean(target.url);
  const size_t width = Width(url);
  const size_t right = Width(ids);
  if (width + 2 + right <= page.columns()) {
    page.Add({{url, Style::kBold}, {std::string(page.columns() - width - right, ' ')}, {ids, Style::kDim}});
    return;
  }
  page.Add(url, Style::kBold);
  page.Add(ids, Style::kDim);
}

void DrawSide(const Side& side, size_t name_width, Page& page) {
  const std::string first = absl::StrCat("  ", Pad(Clean(side.name), name_width), "  ");
  const std::string indent(Width(first), ' ');
  std::string who = side.host;
  if (!side.vantage.empty()) {
    // On the same line as the host, cut where it must be: its beginning is what tells.
    const size_t room = page.columns() - Width(first);
    const size_t used = who.empty() ? 0 : Width(Clean(who)) + 2;
    const std::string vantage = Fit(Clean(side.vantage), used + kMinVantage <= room ? room - used : room);
    who = who.empty() ? vantage : absl::StrCat(who, ", ", vantage);
  }
  page.Paragraph(first, who);
  for (const Fact& fact : side.facts) {
    page.Paragraph(absl::StrCat(indent, fact.label), fact.words.text, fact.words.style);
  }
}

void DrawTarget(const Sheet& sheet, const TargetSheet& target, Page& page) {
  DrawHeader(sheet, target, page);
  for (const std::string& origin : target.origins) page.Paragraph("  ", origin, Style::kDim);
  page.Blank();
  size_t name_width = 7;
  std::vector<std::string> names;
  for (const Side& side : target.sides) {
    names.push_back(side.name);
    name_width = std::min<size_t>(std::max(name_width, Width(Clean(side.name))), 16);
  }
  for (const Side& side : target.sides) DrawSide(side, name_width, page);
  page.Blank();
  if (!names.empty()) DrawRows(names, target.rows, page);
  page.Blank();
  DrawVerdict(target.verdict, page);
}

// What was asked beyond the first plans, and why.
void DrawInvestigations(const Sheet& sheet, Page& page) {
  if (!sheet.asked.empty()) page.Blank();
  bool first = true;
  for (const std::string& why : sheet.asked) {
    page.Paragraph(first ? "  asked    " : "           ", why, Style::kDim);
    first = false;
  }
}

void DrawSummary(const Sheet& sheet, Page& page) {
  std::map<v1::Status, int> counts;
  for (const TargetSheet& target : sheet.targets) ++counts[target.status];
  std::vector<std::string> words;
  for (const auto& [status, count] : counts) words.push_back(absl::StrCat(count, " ", contract::Name(status)));
  page.Blank();
  page.Add(absl::StrCat(sheet.targets.size(), " targets: ", absl::StrJoin(words, ", ")), Style::kBold);
  for (const TargetSheet& target : sheet.targets) {
    const std::string cause = target.verdict.named ? target.verdict.cause : contract::Name(target.status);
    page.Add({{"  "},
              {Pad(Fit(Clean(cause), 32), 32), target.status == v1::HEALTHY ? Style::kGood : Style::kBad},
              {"  "},
              {target.url}});
  }
}

}  // namespace

std::string Text(const Sheet& sheet, const TextOptions& options) {
  Page page(static_cast<size_t>(std::clamp(options.columns, kMinColumns, kMaxColumns)), options.colour);
  if (!sheet.title.empty()) page.Paragraph("", sheet.title, Style::kBold);
  for (size_t i = 0; i < sheet.targets.size(); ++i) {
    if (i > 0) {
      page.Blank();
      page.Add(std::string(page.columns(), '-'), Style::kDim);
    }
    DrawTarget(sheet, sheet.targets[i], page);
  }
  DrawInvestigations(sheet, page);
  if (sheet.interrupted) {
    page.Blank();
    page.Paragraph("", "INTERRUPTED: this is what had been observed until then.", Style::kDoubt);
  }
  if (sheet.targets.size() > 1) DrawSummary(sheet, page);
  return page.Take();
}

std::string Text(const v1::Run& run, const v1::Report& report, const TextOptions& options) {
  return Text(MakeSheet(run, report), options);
}

}  // namespace parallax::report
