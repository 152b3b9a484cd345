#include "controller/report/html/html.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "contract/names.h"
#include "controller/compare/words.h"
#include "controller/report/html/embedded_run.h"
#include "controller/report/html/markup.h"
#include "controller/report/html/parts.h"

namespace parallax::report {
namespace {

constexpr size_t kMaxConnectionBytes = 110'000;  // of all targets together
constexpr size_t kMostRoom = 2'000;              // that the end of the page takes, without the run

std::string Duration(double ms) { return compare::Duration(static_cast<int64_t>(ms * 1e6)); }

const char* CardOf(Style style) {
  switch (style) {
    case Style::kGood: return "verdict good";
    case Style::kBad: return "verdict bad";
    default: return "verdict doubt";
  }
}

std::string SignOf(const TargetSheet& target) {
  const std::string status = absl::StrReplaceAll(contract::Name(target.status), {{"_", " "}});
  switch (target.verdict.style) {
    case Style::kGood: return absl::StrCat("\xE2\x9C\x93 ", status);
    case Style::kBad: return absl::StrCat("\xE2\x9C\x95 ", status);
    default: return absl::StrCat("? ", status);
  }
}

std::string Capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

void DrawVerdict(const TargetSheet& target, Markup& page) {
  const Verdict& verdict = target.verdict;
  page.Open("div", {{"class", CardOf(verdict.style)}});
  page.Element("p", SignOf(target), {{"class", "sign"}});
  page.Element("h1", Capital(verdict.title.empty() ? verdict.cause : verdict.title));
  page.Element("p", verdict.summary, {{"class", "lead"}});
  if (verdict.named) {
    page.Open("p", {{"class", "facts"}}).Element("code", verdict.cause);
    page.Text(absl::StrFormat(", confidence %.2f", verdict.confidence)).Close();
  }
  page.Close();
  page.Open("p", {{"class", "facts"}}).Element("code", target.url).Text(absl::StrCat(", ", target.plan)).Close();
  for (const std::string& origin : target.origins) page.Element("p", origin, {{"class", "facts"}});
}

void DrawSentences(const char* heading, const std::vector<Sentence>& sentences, const Places& places, Markup& page) {
  if (sentences.empty()) return;
  page.Element("h3", heading).Open("ul");
  for (const Sentence& sentence : sentences) {
    const std::string place = places.Find(sentence.ref);
    page.Open("li");
    if (place.empty()) {
      page.Text(sentence.text);
    } else {
      page.Element("a", sentence.text, {{"href", absl::StrCat("#", place)}});
    }
    page.Close();
  }
  page.Close();
}

void DrawWhy(const TargetSheet& target, const Places& places, Markup& page) {
  const Verdict& verdict = target.verdict;
  DrawSentences("Because", verdict.because, places, page);
  DrawSentences("Against", verdict.against, places, page);
  if (!verdict.could_also_be.empty()) {
    page.Element("h3", "Could also be").Open("ul");
    for (const Alternative& other : verdict.could_also_be) {
      page.Open("li").Element("code", other.cause);
      if (!other.title.empty()) page.Text(absl::StrCat(": ", other.title));
      page.Close();
    }
    page.Close();
  }
  if (!verdict.to_settle.empty()) {
    page.Element("h3", "What would settle it").Open("ul");
    for (const std::string& words : verdict.to_settle) page.Element("li", words);
    page.Close();
  }
  if (!verdict.others.empty()) {
    page.Element("h3", "Found as well").Open("ul");
    for (const OtherFinding& other : verdict.others) {
      page.Open("li").Element("code", other.cause);
      page.Text(other.explained_by.empty() ? absl::StrCat(" (", other.severity, "): ", other.words)
                                           : absl::StrCat(": explained by ", other.explained_by));
      page.Close();
    }
    page.Close();
  }
  DrawSentences("To be known beside it", verdict.notes, places, page);
}

void DrawRemedy(const Sheet& sheet, const TargetSheet& target, Markup& page) {
  if (target.verdict.remedy.empty() && target.status == v1::HEALTHY) return;
  page.Element("h2", "What to do");
  for (const std::string& line : target.verdict.remedy) {
    if (LooksLikeCommand(line)) {
      page.Open("pre").Element("code", line).Close();
    } else {
      page.Element("p", line);
    }
  }
  page.Element("p", "This asks the same again, and so checks the repair:");
  page.Open("pre").Element("code", sheet.again).Close();
}

void DrawSides(const TargetSheet& target, Markup& page) {
  for (const Side& side : target.sides) {
    page.Element("h3", side.name);
    page.Element("p", side.vantage.empty() || side.host.empty() ? absl::StrCat(side.host, side.vantage)
                                                                : absl::StrCat(side.host, ", ", side.vantage));
    for (const Fact& fact : side.facts) {
      page.Element("p", absl::StrCat(fact.label, fact.words.text),
                   {{"class", fact.words.style == Style::kBad     ? "bad"
                              : fact.words.style == Style::kDoubt ? "doubt"
                              : fact.words.style == Style::kDim   ? "dim"
                                                                  : "plain"}});
    }
    if (!side.locality.empty()) {
      page.Element("p",
                   absl::StrCat("connects are answered: ", side.locality,
                                side.locality_why.empty() ? "" : absl::StrCat(" (", side.locality_why, ")")),
                   {{"class", "facts"}});
    }
    if (side.clock_uncertainty_ms > 0) {
      page.Element("p",
                   absl::StrFormat("its clock is %+.3f ms from ours, give or take %.3f ms", side.clock_offset_ms,
                                   side.clock_uncertainty_ms),
                   {{"class", "facts"}});
    }
    if (!side.agent.empty()) page.Element("p", side.agent, {{"class", "facts"}});
  }
}

void DrawTarget(const Sheet& sheet, size_t index, Markup& page) {
  const TargetSheet& target = sheet.targets[index];
  const Places places(target, index);
  page.Open("section", {{"id", places.Section("target")}});
  DrawVerdict(target, page);
  page.Element("h2", "The path");
  DrawPicture(target, page);
  page.Element("h2", "Step by step");
  page.Element("p", "Each side's attempt begins at 0; all sides have the same time axis.", {{"class", "facts"}});
  DrawSteps(target, places, page);
  page.Element("h2", "What was proved");
  DrawLadder(target, page);
  DrawControls(target, page);
  page.Element("h2", "Why");
  DrawWhy(target, places, page);
  DrawRemedy(sheet, target, page);
  page.Element("h2", "Each connection, message by message");
  DrawConnections(target, places, kMaxConnectionBytes / sheet.targets.size(), page);
  page.Element("h2", "The sides");
  DrawSides(target, page);
  page.Close();
}

void DrawSummary(const Sheet& sheet, Markup& page) {
  page.Open("ul");
  for (size_t i = 0; i < sheet.targets.size(); ++i) {
    const TargetSheet& target = sheet.targets[i];
    page.Open("li").Text(absl::StrCat(SignOf(target), " "));
    page.Element("a", target.url, {{"href", absl::StrCat("#", Places(target, i).Section("target"))}});
    page.Text(absl::StrCat(" ", target.verdict.cause)).Close();
  }
  page.Close();
}

void DrawRun(const Sheet& sheet, Markup& page) {
  page.Open("footer");
  for (const std::string& why : sheet.asked) page.Element("p", absl::StrCat("Asked in addition: ", why));
  const PackedRun packed = PackRun(sheet.run);
  if (page.size() + packed.base64.size() + kMostRoom > kMaxPageBytes) {
    page.Element("p",
                 absl::StrCat("The run itself is too large for this file: parallax export ", sheet.id, " writes it."));
  } else {
    page.Element("p", "This file holds the run itself: parallax show, diagnose and diff take it as a RUN, as in");
    page.Open("pre").Element("code", "parallax show ./this-file.html").Close();
    page.Data({{"id", kRunElement}, {"data-sha256", packed.digest}}, packed.base64);
  }
  page.Close();
}

std::string TitleOf(const Sheet& sheet) {
  if (sheet.targets.empty()) return "parallax";
  const TargetSheet& worst = sheet.targets[sheet.worst];
  return absl::StrCat(worst.verdict.cause, " - ", worst.url);
}

}  // namespace

std::string Html(const Sheet& sheet) {
  Markup page;
  page.Open("head").Empty("meta", {{"charset", "utf-8"}});
  page.Empty("meta", {{"http-equiv", "Content-Security-Policy"},
                      {"content", absl::StrCat("default-src 'none'; img-src data:; style-src ", StyleSource(),
                                               "; base-uri 'none'; form-action 'none'")}});
  page.Empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  page.Empty("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
  page.Empty("link", {{"rel", "icon"}, {"href", "data:,"}});  // so that no browser asks a server for one
  page.Element("title", TitleOf(sheet)).Style(kPageStyle).Close();
  page.Open("body").Open("main");
  page.Element("p", absl::StrCat("parallax, run ", sheet.id, ", ", sheet.started, ", ", Duration(sheet.duration_ms)),
               {{"class", "facts"}});
  if (!sheet.title.empty()) page.Element("p", sheet.title, {{"class", "bold"}});
  if (sheet.interrupted) {
    page.Element("p", "INTERRUPTED: this is what had been observed until then.", {{"class", "doubt"}});
  }
  if (sheet.targets.size() > 1) DrawSummary(sheet, page);
  for (size_t i = 0; i < sheet.targets.size(); ++i) DrawTarget(sheet, i, page);
  DrawRun(sheet, page);
  page.Close().Close();
  return absl::StrCat("<!doctype html>\n<html lang=\"en\">\n", page.Take(), "</html>\n");
}

}  // namespace parallax::report
