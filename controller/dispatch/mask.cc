#include "controller/dispatch/mask.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "contract/limits.h"
#include "controller/dispatch/mask_words.h"

namespace parallax::dispatch {
namespace {

constexpr std::string_view kMask = "***";

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(absl::string_view(text.data(), text.size())); }

// '%' because a URL may write the name of its parameter so.
bool NameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '%';
}

bool IsQuote(char c) { return c == '\'' || c == '"'; }

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

// Of a value in JSON: a string's quote, escaped as the one that opens it is, or what separates values.
size_t EndOfJson(std::string_view text, size_t at) {
  const size_t open = text.find_first_not_of('\\', at);
  if (open == std::string_view::npos) return text.size();
  if (text[open] != '"') return std::min(text.find_first_of(",}] \t\n'\"", at), text.size());
  const std::string quote(text.substr(at, open + 1 - at));
  size_t end = text.find(quote, open + 1);
  // A quote within the string has one more backslash before it.
  while (end != std::string_view::npos && text[end - 1] == '\\') end = text.find(quote, end + 1);
  return end == std::string_view::npos ? text.size() : end + quote.size();
}

// PGPASSWORD=hunter2 becomes PGPASSWORD=***, wherever in the text it stands.
std::string WithoutAssigned(std::string_view text) {
  std::string shown;
  size_t copied = 0;
  for (size_t equals = text.find('='); equals != std::string_view::npos; equals = text.find('=', equals + 1)) {
    size_t begin = equals;
    while (begin > copied && NameCharacter(text[begin - 1])) --begin;
    if (equals < copied || !AnnouncesASecret(text.substr(begin, equals - begin))) continue;
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
    // {"password": "hunter2"}, and the same in a string of a shell's.
    size_t name_end = colon;
    if (name_end > copied && IsQuote(text[name_end - 1])) --name_end;
    if (name_end < colon && name_end > copied && text[name_end - 1] == '\\') --name_end;
    size_t begin = name_end;
    while (begin > copied && NameCharacter(text[begin - 1])) --begin;
    const bool json = name_end < colon;
    const char before = begin == 0 ? '\0' : text[begin - 1];
    // Behind a '/' it is the user of a URL, or an image's name.
    if (colon < copied || before == '/' || !AnnouncesASecret(text.substr(begin, name_end - begin))) continue;
    size_t value = text.find_first_not_of(" \t", colon + 1);
    if (value == std::string_view::npos) break;
    size_t end = json ? EndOfJson(text, value) : EndOfValue(text, value, IsQuote(before) ? before : '\0');
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
      MaskUrlPasswords(WithoutSecretWords(WithoutBearers(WithoutHeaders(WithoutAssigned(command))))));
}

}  // namespace parallax::dispatch
