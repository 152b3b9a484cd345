#include "agent/host/linux/proc_files.h"

#include <charconv>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "absl/strings/str_split.h"

namespace parallax::host {
namespace {

std::vector<std::string> Words(const std::string& line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
}

template <typename Number>
bool ToNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool ParseProcStat(std::string_view text, ProcStat* stat) {
  // The name is in parentheses and may hold anything, parentheses and spaces too: its end is the last one.
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return false;
  stat->name = std::string(text.substr(open + 1, close - open - 1));
  const std::vector<std::string> fields =
      absl::StrSplit(std::string(text.substr(close + 1)), absl::ByAnyChar(" \n"), absl::SkipEmpty());
  // From field 3 (state) on; field 22 is the start time.
  if (fields.size() < 20 || fields[0].size() != 1) return false;
  stat->state = fields[0][0];
  return ToNumber(fields[1], &stat->parent) && ToNumber(fields[19], &stat->start_ticks);
}

std::string StateWord(char letter) {
  switch (letter) {
    case 'R': return "running";
    case 'S':
    case 'I': return "sleeping";
    case 'D': return "waiting for a disk";
    case 'T':
    case 't': return "stopped";
    case 'Z': return "zombie";
    case 'X':
    case 'x': return "dead";
    default: return "";
  }
}

bool IsPrivileged(std::string_view status) {
  constexpr int kCapNetAdmin = 12;  // linux/capability.h
  constexpr int kCapSysPtrace = 19;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(std::string(status), '\n'))) {
    const std::vector<std::string> words = Words(line);
    if (words.size() >= 3 && words[0] == "Uid:" && words[2] == "0") return true;  // real, effective, saved, fs
    if (words.size() >= 2 && words[0] == "CapEff:") {
      const uint64_t held = std::strtoull(words[1].c_str(), nullptr, 16);
      if (((held >> kCapNetAdmin) & 1) != 0 && ((held >> kCapSysPtrace) & 1) != 0) return true;
    }
  }
  return false;
}

}  // namespace parallax::host
