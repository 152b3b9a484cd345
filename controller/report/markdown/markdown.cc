#include "controller/report/markdown/markdown.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/report/sheet/clean.h"

namespace parallax::report {
namespace {

// Every character that could begin or end markup is escaped (CommonMark section 2.4); '@' would call a person by name.
std::string Plain(std::string_view text) {
  std::string out;
  for (const char c : Clean(text)) {
    if (c == '@') {
      out += "&#64;";
      continue;
    }
    if (std::string_view("\\`*_{}[]<>()#+!|~&").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// Between more backticks than stand in it.
std::string Code(std::string_view text) {
  const std::string clean = Clean(text);
  size_t most = 0;
  size_t run = 0;
  for (const char c : clean) {
    run = c == '`' ? run + 1 : 0;
    most = std::max(most, run);
  }
  const std::string fence(most + 1, '`');
  const char* pad = most > 0 ? " " : "";
  return absl::StrCat(fence, pad, clean, pad, fence);
}

std::string Block(std::string_view command) {
  std::string clean = Clean(command);
  std::string fence = "```";
  while (clean.find(fence) != std::string::npos) fence += '`';
  return absl::StrCat(fence, "\n", clean, "\n", fence, "\n");
}

void List(const char* heading, const std::vector<Sentence>& sentences, std::string* out) {
  if (sentences.empty()) return;
  absl::StrAppend(out, "\n**", heading, "**\n\n");
  for (const Sentence& sentence : sentences) absl::StrAppend(out, "- ", Plain(sentence.text), "\n");
}

void DrawTable(const TargetSheet& target, std::string* out) {
  absl::StrAppend(out, "\n| step |");
  for (const Side& side : target.sides) absl::StrAppend(out, " ", Plain(side.name), " |");
  absl::StrAppend(out, "\n|---|");
  for (size_t i = 0; i < target.sides.size(); ++i) absl::StrAppend(out, "---|");
  absl::StrAppend(out, "\n");
  for (const Row& row : target.rows) {
    if (row.cells.empty()) {
      absl::StrAppend(out, "| **", Plain(row.label), "** |");
      for (size_t i = 0; i < target.sides.size(); ++i) absl::StrAppend(out, " |");
      absl::StrAppend(out, "\n");
      continue;
    }
    std::string label = Plain(row.label);
    if (!row.subject.empty()) absl::StrAppend(&label, " ", Plain(row.subject));
    if (row.first_difference) label = absl::StrCat("**", label, ": first difference**");
    absl::StrAppend(out, "| ", label, row.note.empty() ? "" : absl::StrCat(" (", Plain(row.note), ")"), " |");
    for (const Span& cell : row.cells) {
      absl::StrAppend(out, " ", cell.style == Style::kBad ? "\xE2\x9C\x95 " : "", Plain(cell.text), " |");
    }
    absl::StrAppend(out, "\n");
  }
}

void DrawTarget(const Sheet& sheet, const TargetSheet& target, std::string* out) {
  const Verdict& verdict = target.verdict;
  absl::StrAppend(out, "## ", Plain(verdict.title.empty() ? verdict.cause : verdict.title), "\n\n");
  absl::StrAppend(out, Plain(verdict.summary), "\n\n");
  if (verdict.named) {
    absl::StrAppend(out, Code(verdict.cause), absl::StrFormat(", confidence %.2f; ", verdict.confidence));
  }
  absl::StrAppend(out, Code(target.url), ", ", Plain(target.plan), "\n");
  absl::StrAppend(out, "\n**The path**\n\n");
  for (const Path& path : target.paths) {
    absl::StrAppend(out, "- ", Plain(path.side), ": ", Plain(PathWords(path)), "\n");
  }
  DrawTable(target, out);
  List("Because", verdict.because, out);
  List("Against", verdict.against, out);
  if (!verdict.could_also_be.empty()) absl::StrAppend(out, "\n**Could also be**\n\n");
  for (const Alternative& other : verdict.could_also_be) {
    absl::StrAppend(out, "- ", Code(other.cause), other.title.empty() ? "" : ": ", Plain(other.title), "\n");
  }
  if (!verdict.to_settle.empty()) absl::StrAppend(out, "\n**What would settle it**\n\n");
  for (const std::string& words : verdict.to_settle) absl::StrAppend(out, "- ", Plain(words), "\n");
  List("To be known beside it", verdict.notes, out);
  if (!verdict.remedy.empty()) absl::StrAppend(out, "\n**What to do**\n\n");
  for (const std::string& line : verdict.remedy) {
    absl::StrAppend(out, LooksLikeCommand(line) ? Block(line) : absl::StrCat(Plain(line), "\n"), "\n");
  }
  if (target.status != v1::HEALTHY) {
    absl::StrAppend(out, "\nThis asks the same again:\n\n", Block(sheet.again));
  }
  absl::StrAppend(out, "\n");
}

}  // namespace

std::string Markdown(const Sheet& sheet) {
  std::string out;
  if (!sheet.title.empty()) absl::StrAppend(&out, "*", Plain(sheet.title), "*\n\n");
  for (const TargetSheet& target : sheet.targets) DrawTarget(sheet, target, &out);
  if (sheet.interrupted) absl::StrAppend(&out, "Interrupted: this is what had been observed until then.\n\n");
  absl::StrAppend(&out, "parallax, run ", Code(sheet.id), ", ", sheet.started, "\n");
  return out;
}

}  // namespace parallax::report
