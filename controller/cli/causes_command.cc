#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
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

std::vector<std::string> RemedyLines(const diagnose::Rule& rule) {
  std::vector<std::string> lines;
  for (const diagnose::RemedyLine& line : diagnose::RemedyLines(rule.remedy)) {
    lines.push_back(Placeholders(line.text));
  }
  return lines;
}

ordered_json CauseJson(const diagnose::Rule& rule) {
  return {{"cause", rule.cause},           {"title", rule.title},     {"severity", contract::Name(rule.severity)},
          {"told", rule.match != nullptr}, {"meaning", rule.meaning}, {"toldApart", rule.told_apart},
          {"remedy", RemedyLines(rule)}};
}

void DrawAll(Page& page) {
  size_t width = 0;
  bool untold = false;
  for (const diagnose::Rule& rule : diagnose::Catalogue()) {
    width = std::max(width, rule.cause.size());
    untold |= rule.match == nullptr;
  }
  for (const diagnose::Rule& rule : diagnose::Catalogue()) {
    const bool told = rule.match != nullptr;
    page.Add({{told ? "  " : "* ", Style::kDoubt},
              {report::Pad(rule.cause, width), told ? Style::kBold : Style::kDim},
              {"  "},
              {std::string(rule.title), told ? Style::kPlain : Style::kDim}});
  }
  page.Blank();
  if (untold) page.Paragraph("", "* not told yet: this release does not look for it.", Style::kDoubt);
  page.Paragraph("", "parallax causes CAUSE says what one means, how it is told apart, and what to do.");
}

void DrawOne(const diagnose::Rule& rule, Page& page) {
  page.Add({{std::string(rule.cause), Style::kBold},
            {absl::StrCat("  (", contract::Name(rule.severity), ")"), Style::kDim}});
  page.Paragraph("", rule.title);
  if (rule.match == nullptr) page.Paragraph("", "Not told yet: this release does not look for it.", Style::kDoubt);
  page.Blank();
  page.Paragraph("  means       ", rule.meaning);
  page.Paragraph("  told apart  ", rule.told_apart);
  report::DrawRemedy("  do          ", RemedyLines(rule), page);
}

}  // namespace

int Causes(const CausesFlags& flags) {
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  const diagnose::Rule* rule = nullptr;
  if (!flags.cause.empty()) {
    rule = diagnose::FindCause(flags.cause);
    if (rule == nullptr) {
      std::vector<std::string> names;
      for (const diagnose::Rule& known : diagnose::Catalogue()) names.emplace_back(known.cause);
      const std::string near = plan::Nearest(flags.cause, names);
      return UsageError(absl::StrCat("there is no cause '", contract::Printable(flags.cause, 80), "'",
                                     near.empty() ? "" : absl::StrCat("; did you mean ", near, "?"),
                                     " (parallax causes lists them)"));
    }
  }
  std::string bytes;
  if (flags.form.format == "json") {
    ordered_json json = ordered_json::array();
    for (const diagnose::Rule& known : diagnose::Catalogue()) json.push_back(CauseJson(known));
    bytes = (rule == nullptr ? json : CauseJson(*rule)).dump(2) + "\n";
  } else {
    const bool colour = output->is_stdout() && UseColour(flags.form.color, STDOUT_FILENO);
    Page page(static_cast<size_t>(Columns(STDOUT_FILENO)), colour);
    rule == nullptr ? DrawAll(page) : DrawOne(*rule, page);
    bytes = page.Take();
  }
  const auto status = output->Write(bytes);
  return status.ok() ? 0 : UsageError(std::string(status.message()));
}

}  // namespace parallax::cli
