#include "controller/report/verdict.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "contract/names.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/report/layout.h"
#include "controller/report/notes.h"

namespace parallax::report {
namespace {

constexpr char kIndent[] = "  ";
constexpr size_t kLabel = 9;         // "because  "
constexpr size_t kContinuation = 4;  // the indent of a command's later lines, and " \\"

std::string Label(std::string_view word) { return kIndent + Pad(word, kLabel); }

// "VERDICT  cause                    right-hand words"
void Headline(std::string_view cause, Style style, const std::string& right, Page& page) {
  constexpr char kVerdict[] = "VERDICT  ";
  const size_t used = sizeof(kVerdict) - 1 + Width(Clean(cause));
  const bool fits = used + 2 + Width(right) <= page.columns();
  Line line = {{kVerdict, Style::kBold}, {std::string(cause), style}};
  if (fits && !right.empty()) {
    line.push_back({std::string(page.columns() - used - Width(right), ' ')});
    line.push_back({right, Style::kDim});
  }
  page.Add(line);
  if (!fits) page.Add(kIndent + right, Style::kDim);
}

template <typename Items>
void List(std::string_view label, const Items& items, Style style, Page& page) {
  bool first = true;
  for (const auto& item : items) {
    page.Paragraph(Label(first ? label : ""), item, style);
    first = false;
  }
}

// Why nobody went on from the server's request for a password.
std::string WhyNoFurther(const v1::Comparison& comparison) {
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.role() != v1::TARGET || !comparison.target().credentials()) continue;
    for (const v1::SideOutcome& side : pair.sides()) {
      const v1::StepSummary* auth = compare::FindStep(side, v1::AUTHENTICATION, "");
      if (auth == nullptr || side.last_good_step() != v1::AUTHENTICATION) continue;
      return absl::StrCat("the password was not sent: ", Clean(auth->sample().text()));
    }
  }
  return "no credentials were given to go on";
}

// "was answered with status 200": of the last hop, where nothing was asked of the answer.
std::string AnsweredWords(const v1::Comparison& comparison) {
  uint32_t status = 0;
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.role() != v1::TARGET || pair.sides().empty()) continue;
    for (const v1::StepSummary& step : pair.sides(pair.sides_size() - 1).steps()) {
      if (step.kind() == v1::REQUEST && step.sample().http().status() > 0) status = step.sample().http().status();
    }
  }
  return absl::StrCat("was answered with status ", status);
}

// "every side runs a query" and the like: the highest rung that all sides proved, and who they are.
std::string HealthyWords(const v1::Comparison& comparison) {
  std::vector<std::string> sides;
  v1::Rung lowest = v1::SUSTAINED;
  std::string by_word;
  for (const v1::SideSummary& side : comparison.sides()) {
    if (!side.healthy()) continue;  // a witness that never came, say
    if (side.has_health()) {
      absl::StrAppend(&by_word, " ", side.name(), ": by the word of its health endpoint (", side.health().says(), ").");
      continue;
    }
    sides.push_back(side.name());
    lowest = std::min(lowest, side.rung());
  }
  const bool http = comparison.target().scheme().starts_with("http");
  std::string what;
  switch (lowest) {
    case v1::SUSTAINED:
    case v1::QUERY_RUNG:
      what = !http                                  ? "logged in and ran a query"
             : comparison.target().expect().empty() ? AnsweredWords(comparison)
                                                    : "got the answer that was expected";
      break;
    case v1::AUTHENTICATED_STAGE:
      what = absl::StrCat("got the server's own answer to a login (", WhyNoFurther(comparison), ")");
      break;
    case v1::SAME_IDENTITY: what = "reached the same server"; break;
    case v1::SERVER_BYTE: what = "got bytes that the server alone could send"; break;
    case v1::CONTROLS_HOLD: what = "connected, while what must not connect did not"; break;
    default: what = "got what was asked for"; break;
  }
  return absl::StrCat(absl::StrJoin(sides, " and "), ": ", sides.size() > 1 ? "each " : "", what, ".",
                      !by_word.empty()    ? by_word
                      : sides.size() == 1 ? " Asked from one place only."
                                          : " Nothing differs.");
}

// Where the target fails, when only one side was asked on purpose; "" else.
std::string OneSideWords(const v1::Comparison& comparison) {
  if (comparison.sides_size() != 1 || !comparison.sides(0).present()) return "";
  for (const v1::Pair& pair : comparison.pairs()) {
    // Where the target itself is well it is the real client that fails.
    const bool of_target = pair.role() == v1::TARGET || pair.role() == v1::NAME;
    if (comparison.sides(0).healthy() ? pair.role() != v1::CLIENT : !of_target) continue;
    const v1::SideOutcome* outcome = compare::FindSide(pair, comparison.sides(0).name());
    const v1::StepSummary* step = outcome == nullptr ? nullptr : compare::EndingStep(*outcome);
    if (step == nullptr) continue;
    return absl::StrCat(compare::StepLabel(step->kind()), ": ", compare::StepCell(*step),
                        ". Whose fault that is cannot be told from one place: parallax compare asks from two.");
  }
  return "";
}

void DrawFinding(const v1::Finding& finding, v1::Status status, Page& page) {
  const Style style = status == v1::CANNOT_TELL ? Style::kDoubt : Style::kBad;
  Headline(finding.cause(), style, absl::StrFormat("confidence %.2f", finding.confidence()), page);
  page.Paragraph("", finding.summary().empty() ? finding.title() : finding.summary());
  page.Blank();
  std::vector<std::string> because;
  std::vector<std::string> against;
  for (const v1::Evidence& evidence : finding.evidence()) {
    (evidence.against() ? against : because).push_back(evidence.text());
  }
  List("because", because, Style::kPlain, page);
  List("against", against, Style::kDoubt, page);
  if (finding.alternatives_size() > 0) {
    page.Paragraph("  could also be  ", absl::StrJoin(finding.alternatives(), ", "), Style::kDoubt);
  }
  for (const std::string& words : finding.next_evidence()) page.Paragraph("  to settle it   ", words);
  DrawRemedy(Label("do"), {finding.remedy().begin(), finding.remedy().end()}, page);
}

void DrawOthers(const v1::Diagnosis& diagnosis, Page& page) {
  bool first = true;
  for (const v1::Finding& finding : diagnosis.findings()) {
    if (diagnosis.has_verdict() && finding.cause() == diagnosis.verdict().cause()) continue;
    std::string words = finding.cause();
    if (!finding.explained_by().empty()) {
      absl::StrAppend(&words, ": explained by ", finding.explained_by());
    } else {
      absl::StrAppend(&words, " (", contract::Name(finding.severity()),
                      "): ", finding.summary().empty() ? finding.title() : finding.summary());
    }
    if (first) page.Blank();
    page.Paragraph(Label(first ? "also" : ""), words, Style::kDim);
    first = false;
  }
}

void DrawNotes(const v1::Comparison& comparison, Page& page) {
  bool first = true;
  for (const v1::Note& note : comparison.notes()) {
    if (first) page.Blank();
    page.Paragraph(Label(first ? "note" : ""), NoteWords(comparison, note), Style::kDoubt);
    first = false;
  }
}

}  // namespace

void DrawRemedy(const std::string& label, const std::vector<std::string>& lines, Page& page) {
  bool first = true;
  for (const std::string& line : lines) {
    const std::string indent = first ? label : std::string(Width(label), ' ');
    first = false;
    if (!LooksLikeCommand(line)) {
      page.Paragraph(indent, line);
      continue;
    }
    // A word that would have to be broken gets the whole width before that.
    const std::string command = Clean(line);
    const bool fits = WidestCommandWord(command) + kContinuation <= page.columns() - Width(label);
    if (!fits) page.Add(indent);
    const std::string margin = fits ? std::string(Width(label), ' ') : kIndent;
    bool first_part = fits;
    for (const std::string& part : WrapCommand(command, page.columns() - margin.size())) {
      page.Add({{first_part ? indent : margin}, {part, Style::kBold}});
      first_part = false;
    }
  }
}

void DrawVerdict(const v1::TargetReport& target, Page& page) {
  const v1::Diagnosis& diagnosis = target.diagnosis();
  if (diagnosis.has_verdict() && !diagnosis.verdict().cause().empty()) {
    DrawFinding(diagnosis.verdict(), diagnosis.status(), page);
  } else if (diagnosis.status() == v1::HEALTHY) {
    Headline("healthy", Style::kGood, "", page);
    page.Paragraph("", HealthyWords(target.comparison()));
  } else if (const std::string words = OneSideWords(target.comparison()); !words.empty()) {
    Headline("it fails there", Style::kBad, "", page);
    page.Paragraph("", words);
  } else {
    Headline(absl::StrReplaceAll(contract::Name(diagnosis.status()), {{"_", " "}}), Style::kDoubt, "", page);
    page.Paragraph("", target.comparison().status_why().empty() ? "No cause can be named from what was observed."
                                                                : target.comparison().status_why());
  }
  DrawOthers(diagnosis, page);
  DrawNotes(target.comparison(), page);
}

}  // namespace parallax::report
