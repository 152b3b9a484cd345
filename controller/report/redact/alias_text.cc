// Aliases::Text: one pass over free text. At each place the reading that tells most is tried first.
#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/report/redact/aliases.h"
#include "controller/report/redact/tokens.h"
#include "controller/report/redact/words.h"

namespace parallax::report {
namespace {

bool IsWordByte(char c) { return IsAlnum(c) || c == '_' || c == '-' || c == '.'; }

}  // namespace

// "10.0.4.0/22": the alias of a network has no host bits either.
size_t Aliases::Network(std::string_view text, std::string_view address, std::string* out) {
  const std::string_view rest = text.substr(address.size());
  if (!rest.starts_with('/') || rest.size() < 2 || !IsDigit(rest[1])) return 0;
  const std::string_view digits = Prefix(rest.substr(1), IsDigit);
  if (digits.size() > 3) return 0;
  const int length = std::stoi(std::string(digits));
  *out = Masked(std::string(address), length);
  absl::StrAppend(out, "/", length);
  return address.size() + 1 + digits.size();
}

// "postgres://app@db.internal:5432/app?sslmode=require" from its "//" on.
size_t Aliases::Url(std::string_view text, std::string_view scheme, std::string* out) {
  const std::string_view rest = Prefix(text, [](char c) { return !EndsPath(c); });
  const std::string_view authority = Prefix(rest.substr(2), [](char c) { return c != '/' && c != '?' && c != '#'; });
  *out = "//";
  std::string_view host = authority;
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = Prefix(authority.substr(0, at), [](char c) { return c != ':'; });
    LearnWord(user, "user");
    absl::StrAppend(out, Word(user), user.size() < at ? ":***@" : "@");
    host.remove_prefix(at + 1);
  }
  LearnHost(Prefix(host, [](char c) { return c != ':'; }));
  *out += Text(host);
  const std::string_view tail = rest.substr(2 + authority.size());
  if (tail.empty() || tail == "/") {
    *out += tail;
  } else if (scheme.starts_with("postgres")) {
    const size_t query = std::min(tail.find('?'), tail.size());
    if (tail.starts_with('/')) {
      LearnWord(tail.substr(1, query - 1), "database");
      absl::StrAppend(out, "/", Word(tail.substr(1, query - 1)));
    }
    *out += Text(tail.substr(query));
  } else {
    *out += Path(tail);
  }
  return rest.size();
}

size_t Aliases::Token(std::string_view text, char before, std::string* out) {
  // "SHA256:" is said, and what follows it is not.
  if (const auto print = FingerprintAt(text); !print.empty()) {
    const size_t lead = static_cast<size_t>(print.data() - text.data());
    *out = absl::StrCat(std::string(text.substr(0, lead)), Fingerprint(print));
    return lead + print.size();
  }
  for (const std::string_view address : {Ipv4At(text), Ipv6At(text)}) {
    if (address.empty()) continue;
    if (const size_t network = Network(text, address, out); network > 0) return network;
    *out = Address(std::string(address));
    return address.size();
  }
  const bool begins = before == '\0' || EndsPath(before) || before == '=' || before == ':';
  if (begins &&
      (text.starts_with('/') || text.starts_with("./") || text.starts_with("~/") || text.starts_with("../"))) {
    std::string_view path = Prefix(text, [](char c) { return !EndsPath(c); });
    while (!path.empty() && (path.ends_with('.') || path.ends_with(':'))) path.remove_suffix(1);
    if (path.size() < 2) return 0;
    *out = Path(path);
    return path.size();
  }
  std::string_view word = Prefix(text, IsWordByte);
  if (const std::string_view rest = text.substr(word.size()); rest.starts_with("://")) {
    std::string address;
    const size_t used = Url(rest.substr(1), word, &address);
    *out = absl::StrCat(std::string(word), ":", address);
    return word.size() + 1 + used;
  }
  while (word.ends_with('.') || word.ends_with('-')) word.remove_suffix(1);
  if (word.empty()) return 0;
  *out = IsKnownWord(word) ? Word(word) : LooksLikeHost(word) ? HostName(word) : Pieces(word);
  return word.size();
}

// "app-host": as one word it is not known, and its pieces may be.
std::string Aliases::Pieces(std::string_view word) const {
  std::string out;
  while (!word.empty()) {
    const std::string_view piece = Prefix(word, [](char c) { return c != '.' && c != '-'; });
    out += Word(piece);
    word.remove_prefix(piece.size());
    if (word.empty()) break;
    out += word.front();
    word.remove_prefix(1);
  }
  return out;
}

std::string Aliases::Text(std::string_view text) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const char before = at == 0 ? '\0' : text[at - 1];
    std::string alias;
    // In the middle of a word nothing begins.
    const bool inside = IsAlnum(before) || before == '_';
    const size_t used = inside ? 0 : Token(text.substr(at), before, &alias);
    if (used == 0) {
      out += text[at++];
    } else {
      out += alias;
      at += used;
    }
  }
  return out;
}

}  // namespace parallax::report
