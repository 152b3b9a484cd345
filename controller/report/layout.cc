#include "controller/report/layout.h"

#include <algorithm>

namespace parallax::report {
namespace {

bool IsTail(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Bytes of the first `columns` code points.
size_t BytesOf(std::string_view text, size_t columns) {
  size_t at = 0;
  while (at < text.size() && columns > 0) {
    ++at;
    while (at < text.size() && IsTail(text[at])) ++at;
    --columns;
  }
  return at;
}

bool IsUnit(std::string_view word) {
  while (!word.empty() && std::string_view(",.;:)").find(word.back()) != std::string_view::npos) word.remove_suffix(1);
  return word == "ms" || word == "s" || word == "min" || word == "h" || word == "bytes";
}

// A number and its unit are one word.
std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    const bool after_number = !words.empty() && words.back().back() >= '0' && words.back().back() <= '9';
    if (after_number && IsUnit(word)) {
      words.back() += ' ';
      words.back() += word;
    } else {
      words.emplace_back(word);
    }
  }
  return words;
}

// As Words, but what stands in quotes is one word.
std::vector<std::string> QuotedWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  for (const char c : text) {
    if (c == ' ' && quote == 0) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    if (quote == c) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    }
    word += c;
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

}  // namespace

size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) { return !IsTail(byte); }));
}

std::string Fit(std::string_view text, size_t columns) {
  if (Width(text) <= columns) return std::string(text);
  if (columns <= 2) return std::string(columns, '.');
  return std::string(text.substr(0, BytesOf(text, columns - 2))) + "..";
}

std::string Pad(std::string_view text, size_t columns) {
  std::string out = Fit(text, columns);
  out.append(columns - Width(out), ' ');
  return out;
}

std::vector<std::string> Wrap(std::string_view text, size_t columns) {
  columns = std::max<size_t>(columns, 4);
  std::vector<std::string> lines;
  size_t at = 0;
  do {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line;
    for (std::string word : Words(text.substr(at, end - at))) {
      if (!line.empty() && Width(line) + 1 + Width(word) > columns) {
        lines.push_back(std::move(line));
        line.clear();
      }
      while (Width(word) > columns) {
        const size_t bytes = BytesOf(word, columns);
        lines.push_back(word.substr(0, bytes));
        word.erase(0, bytes);
      }
      if (!line.empty()) line += ' ';
      line += word;
    }
    lines.push_back(std::move(line));
    at = end + 1;
  } while (at <= text.size());
  return lines;
}

std::vector<std::string> WrapCommand(std::string_view command, size_t columns) {
  constexpr size_t kIndent = 2;
  columns = std::max<size_t>(columns, 10);
  std::vector<std::string> lines;
  std::string line;
  for (std::string word : QuotedWords(command)) {
    const bool first = line.empty() && lines.empty();
    // Two columns are kept for the " \" of a line that goes on.
    if (!first && !line.empty() && Width(line) + 1 + Width(word) + 2 > columns) {
      lines.push_back(line + " \\");
      line.assign(kIndent, ' ');
      line += word;
    } else {
      if (!line.empty()) line += ' ';
      line += word;
    }
    // A word wider than the page: "\" inside a word joins only when the next line begins at once.
    while (Width(line) > columns) {
      const size_t bytes = BytesOf(line, columns - 1);
      lines.push_back(line.substr(0, bytes) + "\\");
      line.erase(0, bytes);
    }
  }
  lines.push_back(line);
  return lines;
}

size_t WidestCommandWord(std::string_view command) {
  size_t widest = 0;
  for (const std::string& word : QuotedWords(command)) widest = std::max(widest, Width(word));
  return widest;
}

}  // namespace parallax::report
