#include "controller/dispatch/vantage.h"

#include <algorithm>

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

// The next word behind one that announces a secret: `--token X`, `--password X`, and what sshpass takes after -p. As
// the user wrote it, so by blanks; a quoted word ends at its quote.
std::string WithoutAnnouncedSecrets(const std::string& text) {
  std::string shown;
  bool after_sshpass = false;
  bool announced = false;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string::npos) break;
    shown.append(text, at, begin - at);
    const bool quoted = text[begin] == '\'' || text[begin] == '"';
    size_t end = quoted ? text.find(text[begin], begin + 1) : text.find_first_of(" \t", begin);
    end = end == std::string::npos ? text.size() : quoted ? end + 1 : end;
    const std::string word = text.substr(begin, end - begin);
    at = end;
    const bool flag = word[0] == '-' && word.find('=') == std::string::npos;
    if (announced && !flag) {
      shown += "***";
    } else if (after_sshpass && word.size() > 2 && absl::StartsWith(word, "-p")) {
      shown += "-p***";
    } else {
      shown += word;
    }
    announced = flag && (NamesASecret(word) || (after_sshpass && word == "-p"));
    after_sshpass = after_sshpass || absl::EndsWith(word, "sshpass");
  }
  return shown;
}

// https://user:***@host
std::string WithoutUrlPasswords(std::string text) {
  for (size_t scheme = text.find("://"); scheme != std::string::npos; scheme = text.find("://", scheme + 3)) {
    const size_t end = std::min(text.find_first_of(" \t'\"", scheme), text.size());
    const size_t at = text.rfind('@', end - 1);
    const size_t colon = text.find(':', scheme + 3);
    if (at == std::string::npos || at < scheme || colon == std::string::npos || colon > at) continue;
    text.replace(colon + 1, at - colon - 1, "***");
  }
  return text;
}

// As it is shown and stored. A command may hold a secret in ways that nobody can know; these are the usual ones.
std::string WithoutSecrets(std::string_view vantage) {
  return WithoutUrlPasswords(WithoutAnnouncedSecrets(WithoutAssignedSecrets(vantage)));
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
        absl::StrCat("the command of the vantage '", WithoutSecrets(vantage), "': ", words.status().message(),
                     ": write it as for a shell, such as 'exec:ssh HOST parallax-agent stdio'"));
  }
  if ((*words)[0].empty()) return absl::InvalidArgumentError("the command of an exec: vantage is an empty word");
  return Vantage{false, *std::move(words), WithoutSecrets(vantage)};
}

}  // namespace parallax::dispatch
