#include "controller/dispatch/mask.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "contract/limits.h"

namespace parallax::dispatch {
namespace {

constexpr std::string_view kMask = "***";

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(absl::string_view(text.data(), text.size())); }

bool NameCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

bool IsQuote(char c) { return c == '\'' || c == '"'; }

bool NamesASecret(std::string_view name) {
  const std::string lower = Lower(name);
  for (const char* hint : {"pass", "secret", "token", "pwd", "credential", "bearer"}) {
    if (absl::StrContains(lower, hint)) return true;
  }
  // At its end only: StrictHostKeyChecking=no and PubkeyAuthentication=no are how the user knows the side.
  for (const char* hint : {"key", "auth", "authorization"}) {
    if (absl::EndsWith(lower, hint)) return true;
  }
  return false;
}

// Where the value ends that begins at `at`: at the quote that closes it when it begins with one or stands in one
// (`quote`, else '\0'), or at the next blank or quote.
size_t EndOfValue(std::string_view text, size_t at, char quote) {
  if (at >= text.size()) return text.size();
  size_t end = std::string_view::npos;
  if (quote != '\0') {
    end = text.find(quote, at);
  } else if (IsQuote(text[at])) {
    end = text.find(text[at], at + 1);
    if (end != std::string_view::npos) ++end;
  } else {
    end = text.find_first_of(" \t\n'\"", at);
    while (end < text.size() && end > at && text[end - 1] == '\\') end = text.find_first_of(" \t\n'\"", end + 1);
  }
  // A shell's word goes on behind a quoted part: 'a'"b".
  const bool goes_on = quote == '\0' && end < text.size() && IsQuote(text[end]) && end > at;
  return goes_on ? EndOfValue(text, end, '\0') : std::min(end, text.size());
}

// PGPASSWORD=hunter2 becomes PGPASSWORD=***, wherever in the text it stands.
std::string WithoutAssigned(std::string_view text) {
  std::string shown;
  size_t copied = 0;
  for (size_t equals = text.find('='); equals != std::string_view::npos; equals = text.find('=', equals + 1)) {
    size_t begin = equals;
    while (begin > copied && NameCharacter(text[begin - 1])) --begin;
    if (equals < copied || !NamesASecret(text.substr(begin, equals - begin))) continue;
    shown.append(text.substr(copied, equals + 1 - copied)).append(kMask);
    const char before = begin == 0 ? '\0' : text[begin - 1];
    copied = EndOfValue(text, equals + 1, IsQuote(before) ? before : '\0');
  }
  shown.append(text.substr(copied));
  return shown;
}

// Authorization: Bearer hunter2 becomes Authorization: ***, up to the quote that it stands in; without one, a word, or
// two where the first is a scheme (RFC 9110, 11.4).
std::string WithoutHeaders(std::string_view text) {
  std::string shown;
  size_t copied = 0;
  for (size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    size_t begin = colon;
    while (begin > copied && NameCharacter(text[begin - 1])) --begin;
    const char before = begin == 0 ? '\0' : text[begin - 1];
    // Behind a '/' it is the user of a URL, or an image's name.
    if (colon < copied || before == '/' || !NamesASecret(text.substr(begin, colon - begin))) continue;
    size_t value = text.find_first_not_of(" \t", colon + 1);
    if (value == std::string_view::npos) break;
    size_t end = EndOfValue(text, value, IsQuote(before) ? before : '\0');
    const std::string word = Lower(text.substr(value, end - value));
    for (const char* scheme : {"basic", "bearer", "digest", "negotiate", "token"}) {
      if (word == scheme) end = EndOfValue(text, std::min(text.find_first_not_of(" \t", end), text.size()), '\0');
    }
    shown.append(text.substr(copied, value - copied)).append(kMask);
    copied = end;
  }
  shown.append(text.substr(copied));
  return shown;
}

// Bearer hunter2 becomes Bearer ***, in whatever it stands.
std::string WithoutBearers(std::string text) {
  constexpr std::string_view kBearer = "bearer ";
  for (size_t at = Lower(text).find(kBearer); at != std::string::npos; at = Lower(text).find(kBearer, at)) {
    at += kBearer.size();
    text.replace(at, EndOfValue(text, at, '\0') - at, kMask);
  }
  return text;
}

// "me:hunter2" becomes "me:***"; what is no pair stays: `sudo -u postgres`.
std::string WithoutPassword(const std::string& user) {
  const size_t colon = user.find(':');
  if (colon == std::string::npos) return user;
  return user.substr(0, colon + 1) + std::string(kMask) + (IsQuote(user[0]) ? user.substr(0, 1) : "");
}

// The word behind one that announces a secret: `--token X`, `-u USER:X`, and what sshpass takes after -p.
// As the user wrote it, so by blanks; a quoted word ends at its quote.
std::string WithoutAnnounced(const std::string& text) {
  std::string shown;
  bool after_sshpass = false;
  bool announced = false;
  bool user = false;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string::npos) break;
    shown.append(text, at, begin - at);
    const bool quoted = IsQuote(text[begin]);
    size_t end = quoted ? text.find(text[begin], begin + 1) : text.find_first_of(" \t", begin);
    end = end == std::string::npos ? text.size() : quoted ? end + 1 : end;
    const std::string word = text.substr(begin, end - begin);
    at = end;
    const bool flag = word[0] == '-' && word.find('=') == std::string::npos;
    if (announced && !flag) {
      shown += kMask;
    } else if (after_sshpass && word.size() > 2 && absl::StartsWith(word, "-p")) {
      shown += "-p***";
    } else if (user || absl::StartsWith(word, "--user=") || absl::StartsWith(word, "--proxy-user=") ||
               (absl::StartsWith(word, "-u") && word.size() > 2)) {
      shown += WithoutPassword(word);
    } else {
      shown += word;
    }
    announced = flag && (NamesASecret(word) || (after_sshpass && word == "-p"));
    user = word == "-u" || word == "--user" || word == "--proxy-user" || word == "-U";
    after_sshpass = after_sshpass || absl::EndsWith(word, "sshpass");
  }
  return shown;
}

}  // namespace

std::string MaskUrlPasswords(std::string text) {
  for (size_t scheme = text.find("://"); scheme != std::string::npos; scheme = text.find("://", scheme + 3)) {
    const size_t end = std::min(text.find_first_of(" \t\r\n'\"", scheme), text.size());
    const size_t at = text.rfind('@', end - 1);
    const size_t colon = text.find(':', scheme + 3);
    if (at == std::string::npos || at < scheme || colon == std::string::npos || colon > at) continue;
    text.replace(colon + 1, at - colon - 1, kMask);
  }
  return text;
}

std::string MaskCommand(std::string_view command) {
  return contract::Printable(
      MaskUrlPasswords(WithoutAnnounced(WithoutBearers(WithoutHeaders(WithoutAssigned(command))))));
}

}  // namespace parallax::dispatch
