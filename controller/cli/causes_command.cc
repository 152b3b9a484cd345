#include <unistd.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/cli/commands.h"
#include "controller/cli/say.h"
#include "controller/cli/terminal.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/remedy.h"
#include "controller/plan/values.h"
#include "controller/report/layout.h"
#include "controller/report/page.h"
#include "controller/report/verdict.h"

namespace parallax::cli {
namespace {

using nlohmann::ordered_json;
using report::Page;
using report::Style;

constexpr size_t kLabel = 14;  // "  told apart  "

// No run fills the placeholders in here: "{bastion_host}" becomes BASTION_HOST.
std::string Placeholders(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t open = text.find('{');
    const size_t close = text.find('}', open);
    const std::string_view name = close == std::string_view::npos ? "" : text.substr(open + 1, close - open - 1);
    const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return c == '_' || absl::ascii_islower(static_cast<unsigned char>(c));
    });
    if (!is_name) {
      const size_t end = open == std::string_view::npos ? text.size() : open + 1;
      out += text.substr(0, end);
      text.remove_prefix(end);
      continue;
    }
    out += text.substr(0, open);
    out += absl::AsciiStrToUpper(std::string(name));
    text.remove_prefix(close + 1);
  }
  return out;
}

std::vector<std::string> RemedyLines(const diagnose::Cause& cause) {
  std::vector<std::string> lines;
  for (const diagnose::RemedyLine& line : diagnose::RemedyLines(cause.remedy)) {
    lines.push_back(Placeholders(line.text));
  }
  return lines;
}

// "refutes", "against", "for", "strong"; "" where it says nothing.
std::string_view StrengthWord(diagnose::Strength strength) {
  switch (strength) {
    case diagnose::Strength::kRefutes: return "refutes";
    case diagnose::Strength::kAgainst: return "against";
    case diagnose::Strength::kFor: return "for";
    case diagnose::Strength::kStrong: return "strong";
    default: return "";
  }
}

ordered_json CauseJson(const diagnose::Cause& cause) {
  ordered_json needs = ordered_json::array();
  for (const diagnose::Atom atom : cause.needs) needs.push_back(diagnose::RowOf(atom).name);
  ordered_json links = ordered_json::array();
  for (const diagnose::Link& link : cause.links) {
    const diagnose::AtomRow& row = diagnose::RowOf(link.atom);
    links.push_back({{"atom", row.name},
                     {"question", row.question},
                     {"yes", StrengthWord(link.yes)},
                     {"no", StrengthWord(link.no)}});
  }
  return {{"cause", cause.id},
          {"title", cause.title},
          {"severity", contract::Name(cause.severity)},
          {"told", cause.IsTold()},
          {"meaning", cause.meaning},
          {"toldApart", cause.told_apart},
          {"remedy", RemedyLines(cause)},
          {"needs", std::move(needs)},
          {"links", std::move(links)}};
}

// The questions whose answer says so much, each on a line of its own: "  for         Does ...? yes".
void DrawLinks(const diagnose::Cause& cause, std::string_view label,
               std::initializer_list<diagnose::Strength> strengths, Page& page) {
  std::string indent = report::Pad(label, kLabel);
  for (const diagnose::Strength strength : strengths) {
    for (const diagnose::Link& link : cause.links) {
      for (const auto& [said, answer] : {std::pair(link.yes, "yes"), std::pair(link.no, "no")}) {
        if (said != strength) continue;
        const char* how = strength == diagnose::Strength::kStrong    ? ", and strongly"
                          : strength == diagnose::Strength::kRefutes ? ", and that rules it out"
                                                                     : "";
        page.Paragraph(indent, absl::StrCat(std::string(diagnose::RowOf(link.atom).question), " ", answer, how));
        indent = std::string(kLabel, ' ');
      }
    }
  }
}

void DrawAll(Page& page) {
  size_t width = 0;
  bool untold = false;
  for (const diagnose::Cause& cause : diagnose::Catalogue()) {
    width = std::max(width, cause.id.size());
    untold |= !cause.IsTold();
  }
  for (const diagnose::Cause& cause : diagnose::Catalogue()) {
    const bool told = cause.IsTold();
    page.Add({{told ? "  " : "* ", Style::kDoubt},
              {report::Pad(cause.id, width), told ? Style::kBold : Style::kDim},
              {"  "},
              {std::string(cause.title), told ? Style::kPlain : Style::kDim}});
  }
  page.Blank();
  if (untold) page.Paragraph("", "* not told yet: this release does not look for it.", Style::kDoubt);
  page.Paragraph("", "parallax causes CAUSE says what one means, how it is told apart, and what to do.");
}

void DrawOne(const diagnose::Cause& cause, Page& page) {
  page.Add(
      {{std::string(cause.id), Style::kBold}, {absl::StrCat("  (", contract::Name(cause.severity), ")"), Style::kDim}});
  page.Paragraph("", cause.title);
  if (!cause.IsTold()) page.Paragraph("", "Not told yet: this release does not look for it.", Style::kDoubt);
  page.Blank();
  page.Paragraph("  means       ", cause.meaning);
  page.Paragraph("  told apart  ", cause.told_apart);
  std::string indent = report::Pad("  only if", kLabel);
  for (const diagnose::Atom atom : cause.needs) {
    page.Paragraph(indent, absl::StrCat(std::string(diagnose::RowOf(atom).question), " yes"));
    indent = std::string(kLabel, ' ');
  }
  DrawLinks(cause, "  for", {diagnose::Strength::kStrong, diagnose::Strength::kFor}, page);
  DrawLinks(cause, "  against", {diagnose::Strength::kRefutes, diagnose::Strength::kAgainst}, page);
  report::DrawRemedy("  do          ", RemedyLines(cause), page);
}

}  // namespace

int Causes(const CausesFlags& flags) {
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  const diagnose::Cause* cause = nullptr;
  if (!flags.cause.empty()) {
    cause = diagnose::FindCause(flags.cause);
    if (cause == nullptr) {
      std::vector<std::string> names;
      for (const diagnose::Cause& known : diagnose::Catalogue()) names.emplace_back(known.id);
      const std::string near = plan::Nearest(flags.cause, names);
      return UsageError(absl::StrCat("there is no cause '", contract::Printable(flags.cause, 80), "'",
                                     near.empty() ? "" : absl::StrCat("; did you mean ", near, "?"),
                                     " (parallax causes lists them)"));
    }
  }
  std::string bytes;
  if (flags.form.format == "json") {
    ordered_json json = ordered_json::array();
    for (const diagnose::Cause& known : diagnose::Catalogue()) json.push_back(CauseJson(known));
    bytes = (cause == nullptr ? json : CauseJson(*cause)).dump(2) + "\n";
  } else {
    const bool colour = output->is_stdout() && UseColour(flags.form.color, STDOUT_FILENO);
    Page page(static_cast<size_t>(Columns(STDOUT_FILENO)), colour);
    cause == nullptr ? DrawAll(page) : DrawOne(*cause, page);
    bytes = page.Take();
  }
  const auto status = output->Write(bytes);
  return status.ok() ? 0 : UsageError(std::string(status.message()));
}

}  // namespace parallax::cli
