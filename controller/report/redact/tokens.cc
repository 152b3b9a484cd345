#include "controller/report/redact/tokens.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "controller/report/redact/words.h"

namespace parallax::report {
namespace {

bool IsHex(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

}  // namespace

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool EndsPath(char c) { return std::string_view(" \t\r\n\"',;()<>|").find(c) != std::string_view::npos; }

bool Parses(int family, std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  return text.size() < 64 && inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

// "10.0.4.172" at the beginning of `text`; "" when there is none.
std::string_view Ipv4At(std::string_view text) {
  const std::string_view run = Prefix(text, [](char c) { return IsDigit(c) || c == '.'; });
  std::string_view address = run;
  while (address.ends_with('.')) address.remove_suffix(1);
  const bool goes_on = run.size() < text.size() && (IsAlnum(text[run.size()]) || text[run.size()] == '_');
  return !goes_on && Parses(AF_INET, address) ? address : "";
}

std::string_view Ipv6At(std::string_view text) {
  std::string_view run = Prefix(text, [](char c) { return IsHex(c) || c == ':' || c == '.'; });
  while (run.ends_with('.') || (run.ends_with(':') && !run.ends_with("::"))) run.remove_suffix(1);
  if (std::count(run.begin(), run.end(), ':') < 2) return "";
  return Parses(AF_INET6, run) ? run : "";
}

// "db.internal" and not "pg_hba.conf", "e.g", "15.6".
bool LooksLikeHost(std::string_view token) {
  static constexpr std::array<std::string_view, 18> kFiles = {"conf", "pem", "crt", "key",  "sock",    "txt",
                                                              "log",  "sh",  "py",  "json", "yaml",    "yml",
                                                              "toml", "sql", "so",  "cc",   "service", "pg"};
  const size_t dot = token.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view last = token.substr(dot + 1);
  const bool letters = last.size() >= 2 && std::all_of(last.begin(), last.end(), [](char c) {
                         return absl::ascii_isalpha(static_cast<unsigned char>(c));
                       });
  const bool labels =
      std::all_of(token.begin(), token.end(), [](char c) { return IsAlnum(c) || c == '-' || c == '.' || c == '_'; });
  return letters && labels && std::find(kFiles.begin(), kFiles.end(), last) == kFiles.end();
}

// Paths that are the same on every machine.
bool IsPlainPath(std::string_view path) {
  static constexpr std::array<std::string_view, 24> kPlain = {
      "",    ".",   "usr", "bin", "sbin",  "lib", "local", "etc", "proc",  "net",         "dev",           "null",
      "tmp", "run", "var", "ssl", "certs", "opt", "self",  "ns",  "hosts", "resolv.conf", "nsswitch.conf", "sys"};
  for (const auto& part : absl::StrSplit(std::string(path), '/')) {
    const std::string_view name(part.data(), part.size());
    if (std::find(kPlain.begin(), kPlain.end(), name) == kPlain.end() && !IsVocabulary(name)) return false;
  }
  return true;
}

std::string_view FingerprintAt(std::string_view text) {
  constexpr std::string_view kSsh = "SHA256:";
  constexpr size_t kLeast = 16;
  if (text.starts_with(kSsh)) {
    return Prefix(text.substr(kSsh.size()), [](char c) { return IsAlnum(c) || c == '+' || c == '/'; });
  }
  const std::string_view run = Prefix(text, IsHex);
  const bool goes_on = run.size() < text.size() && (IsAlnum(text[run.size()]) || text[run.size()] == '_');
  const bool letters = std::any_of(run.begin(), run.end(), IsDigit);
  return run.size() >= kLeast && !goes_on && letters ? run : "";
}

}  // namespace parallax::report
