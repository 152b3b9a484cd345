#include "controller/report/page.h"

#include <algorithm>

#include "controller/report/layout.h"

namespace parallax::report {
namespace {

// ECMA-48 section 8.3.117, SGR: the eight colours that every terminal lets its user choose.
std::string_view Code(Style style) {
  switch (style) {
    case Style::kPlain: return "";
    case Style::kBold: return "\x1b[1m";
    case Style::kDim: return "\x1b[2m";
    case Style::kGood: return "\x1b[32m";
    case Style::kBad: return "\x1b[1;31m";
    case Style::kDoubt: return "\x1b[33m";
  }
  return "";
}

}  // namespace

void Page::Add(const Line& line) {
  // Spans are cleaned here, at the only door to the terminal.
  Line clean;
  size_t left = columns_;
  for (const Span& span : line) {
    std::string text = Clean(span.text);
    const size_t width = Width(text);
    if (width > left) text = Fit(text, left);
    left -= Width(text);
    clean.push_back({std::move(text), span.style});
    if (width > left + Width(clean.back().text)) break;
  }
  while (!clean.empty()) {
    std::string& last = clean.back().text;
    last.erase(last.find_last_not_of(' ') + 1);
    if (!last.empty()) break;
    clean.pop_back();
  }
  for (const Span& span : clean) {
    const bool empty = span.text.find_first_not_of(' ') == std::string::npos;
    const std::string_view code = colour_ && !empty ? Code(span.style) : "";
    out_ += code;
    out_ += span.text;
    if (!code.empty()) out_ += "\x1b[0m";
  }
  out_ += '\n';
}

void Page::Blank() {
  if (!out_.empty() && !out_.ends_with("\n\n")) out_ += '\n';
}

void Page::Paragraph(std::string_view first, std::string_view text, Style style) {
  const size_t indent = Width(first);
  const size_t room = columns_ > indent + 10 ? columns_ - indent : 10;
  bool at_first = true;
  std::string cleaned;
  for (const char c : text) cleaned += c == '\t' ? ' ' : c;
  size_t at = 0;
  do {  // the text's own line ends stay; any other control character does not
    const size_t end = std::min(cleaned.find('\n', at), cleaned.size());
    for (const std::string& line : Wrap(Clean(std::string_view(cleaned).substr(at, end - at)), room)) {
      Add({{at_first ? std::string(first) : std::string(indent, ' ')}, {line, style}});
      at_first = false;
    }
    at = end + 1;
  } while (at <= cleaned.size());
}

}  // namespace parallax::report
