#include "contract/shell_words.h"

#include "absl/strings/str_cat.h"

namespace parallax::contract {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool EscapableInDoubleQuotes(char c) { return c == '"' || c == '\\' || c == '$' || c == '`' || c == '\n'; }

absl::Status Wrong(std::string_view what, size_t position) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(what), " at character ", position + 1));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SplitShellWords(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;  // '' is a word too
  for (size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == '\0') return Wrong("a NUL byte", i);
    if (IsBlank(c)) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\\') {
      if (i + 1 == command.size()) return Wrong("a backslash with nothing after it", i);
      if (command[++i] != '\n') word.push_back(command[i]);  // backslash-newline joins lines
    } else if (c == '\'') {
      const size_t end = command.find('\'', i + 1);
      if (end == std::string_view::npos) return Wrong("a single quote that is never closed", i);
      word.append(command.substr(i + 1, end - i - 1));
      i = end;
    } else if (c == '"') {
      const size_t start = i;
      for (++i;; ++i) {
        if (i >= command.size()) return Wrong("a double quote that is never closed", start);
        if (command[i] == '"') break;
        if (command[i] == '\\' && i + 1 < command.size() && EscapableInDoubleQuotes(command[i + 1])) {
          if (command[++i] == '\n') continue;
        }
        word.push_back(command[i]);
      }
    } else {
      word.push_back(c);
    }
  }
  if (in_word) words.push_back(std::move(word));
  if (words.empty()) return absl::InvalidArgumentError("there is no command");
  for (const std::string& each : words) {
    if (each.find('\0') != std::string::npos) return absl::InvalidArgumentError("a NUL byte in a word");
  }
  return words;
}

}  // namespace parallax::contract
