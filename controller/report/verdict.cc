#include "controller/report/verdict.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "controller/report/layout.h"

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

void List(std::string_view label, const std::vector<Sentence>& items, Style style, Page& page) {
  bool first = true;
  for (const Sentence& item : items) {
    page.Paragraph(Label(first ? label : ""), item.text, style);
    first = false;
  }
}

void DrawFinding(const Verdict& verdict, Page& page) {
  Headline(verdict.cause, verdict.style, absl::StrFormat("confidence %.2f", verdict.confidence), page);
  page.Paragraph("", verdict.summary);
  page.Blank();
  List("because", verdict.because, Style::kPlain, page);
  List("against", verdict.against, Style::kDoubt, page);
  if (!verdict.could_also_be.empty()) {
    std::vector<std::string> causes;
    for (const Alternative& alternative : verdict.could_also_be) causes.push_back(alternative.cause);
    page.Paragraph("  could also be  ", absl::StrJoin(causes, ", "), Style::kDoubt);
  }
  for (const std::string& words : verdict.to_settle) page.Paragraph("  to settle it   ", words);
  DrawRemedy(Label("do"), verdict.remedy, page);
}

void DrawOthers(const Verdict& verdict, Page& page) {
  std::vector<Sentence> lines;
  for (const OtherFinding& other : verdict.others) {
    lines.push_back({other.explained_by.empty() ? absl::StrCat(other.cause, " (", other.severity, "): ", other.words)
                                                : absl::StrCat(other.cause, ": explained by ", other.explained_by),
                     {}});
  }
  if (!lines.empty()) page.Blank();
  List("also", lines, Style::kDim, page);
}

void DrawNotes(const Verdict& verdict, Page& page) {
  if (!verdict.notes.empty()) page.Blank();
  List("note", verdict.notes, Style::kDoubt, page);
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

void DrawVerdict(const Verdict& verdict, Page& page) {
  if (verdict.named) {
    DrawFinding(verdict, page);
  } else {
    Headline(verdict.cause, verdict.style, "", page);
    page.Paragraph("", verdict.summary);
  }
  DrawOthers(verdict, page);
  DrawNotes(verdict, page);
}

}  // namespace parallax::report
