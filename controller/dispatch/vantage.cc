#include "controller/dispatch/vantage.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/shell_words.h"

namespace parallax::dispatch {
namespace {

bool NameCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

bool NamesASecret(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
  for (const char* hint : {"pass", "secret", "token", "pwd"}) {
    if (absl::StrContains(lower, hint)) return true;
  }
  return false;
}

// PGPASSWORD=hunter2 becomes PGPASSWORD=***, wherever in the text it stands; the value ends at a blank or a quote, or,
// when it begins with a quote, at the next one of the kind.
std::string WithoutAssignedSecrets(std::string_view text) {
  std::string shown;
  size_t copied = 0;
  for (size_t equals = text.find('='); equals != std::string_view::npos; equals = text.find('=', equals + 1)) {
    size_t begin = equals;
    while (begin > copied && NameCharacter(text[begin - 1])) --begin;
    if (equals < copied || !NamesASecret(text.substr(begin, equals - begin))) continue;
    const size_t value = equals + 1;
    size_t end = std::string_view::npos;
    if (value < text.size() && (text[value] == '\'' || text[value] == '"')) {
      end = text.find(text[value], value + 1);
      if (end != std::string_view::npos) ++end;
    } else {
      end = text.find_first_of(" \t\n'\"", value);
    }
    shown.append(text.substr(copied, value - copied)).append("***");
    copied = end == std::string_view::npos ? text.size() : end;
  }
  shown.append(text.substr(copied));
  return contract::Printable(shown);
}

}  // namespace

absl::StatusOr<Vantage> ParseVantage(std::string_view vantage, const std::string& local_agent) {
  if (vantage == "local") return Vantage{true, {local_agent, "stdio"}, "local"};
  constexpr std::string_view kExec = "exec:";
  if (!vantage.starts_with(kExec)) {
    // Cut at the colon: what follows may be anything, a secret included.
    return absl::InvalidArgumentError(
        absl::StrCat("the vantage '", contract::Printable(vantage.substr(0, vantage.find(':') + 1), 40),
                     vantage.find(':') == std::string_view::npos ? contract::Printable(vantage, 40) : "...",
                     "' is not known to this release: use local, or exec:COMMAND such as "
                     "'exec:ssh HOST parallax-agent stdio'"));
  }
  auto words = contract::SplitShellWords(vantage.substr(kExec.size()));
  if (!words.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the command of the vantage '", WithoutAssignedSecrets(vantage), "': ", words.status().message(),
                     ": write it as for a shell, such as 'exec:ssh HOST parallax-agent stdio'"));
  }
  if ((*words)[0].empty()) return absl::InvalidArgumentError("the command of an exec: vantage is an empty word");
  return Vantage{false, *std::move(words), WithoutAssignedSecrets(vantage)};
}

}  // namespace parallax::dispatch
