#include "contract/secret_names.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"

namespace parallax::contract {
namespace {

constexpr int kLayers = 3;  // of percent-encoding: a URL in a parameter of a URL in a parameter

// A secret wherever they stand in a name; or where a word ends in them ("idtoken", "clientsecret").
constexpr std::string_view kAnywhere[] = {
    "token",  "tokens",    "password",   "passwd",      "passphrase", "passcode",  "secret", "secrets",
    "apikey", "signature", "credential", "credentials", "jsessionid", "sessionid", "sessid", "jwt"};
// The same, but as whole words only.
constexpr std::string_view kWords[] = {"hmac", "otp", "totp", "bearer", "passw", "authorization", "samlresponse"};
// A secret alone, or as the last word: "x_sig", but not "sig_version".
constexpr std::string_view kLast[] = {"sig", "auth", "sas",    "pass",  "pw",     "pwd",
                                      "pat", "sid",  "cookie", "creds", "session"};
// Alone only.
constexpr std::string_view kAlone[] = {"key", "code", "pin", "keys"};
// "access_key", "authcode"; but not "sort_key" nor "country_code".
constexpr std::string_view kKeyOf[] = {"api",    "access",  "secret",     "private",      "shared",    "account",
                                       "auth",   "signing", "encryption", "subscription", "functions", "function",
                                       "master", "session", "client",     "service",      "admin",     "storage",
                                       "host",   "app",     "consumer",   "license",      "hmac",      "deploy"};
constexpr std::string_view kCodeOf[] = {
    "auth",     "authorization", "verification", "device", "access", "login", "invite", "reset", "security",
    "recovery", "confirmation",  "activation",   "backup", "otp",    "magic", "2fa",    "mfa",   "oauth"};
// What speaks about a secret and is none: "token_type", "password_policy", "session_timeout".
constexpr std::string_view kAbout[] = {"type",   "types",  "name",     "ttl",      "expiry",   "expires",  "age",
                                       "count",  "limit",  "length",   "size",     "method",   "mode",     "version",
                                       "url",    "uri",    "timeout",  "enabled",  "endpoint", "required", "algorithm",
                                       "format", "policy", "lifetime", "provider", "path",     "file"};

constexpr std::string_view kMarks[] = {"ghp_",     "gho_",     "ghu_",     "ghs_",  "ghr_", "github_pat_", "glpat-",
                                       "xoxb-",    "xoxp-",    "xoxa-",    "xoxs-", "hvs.", "hvb.",        "npm_",
                                       "sk_live_", "rk_live_", "sk_test_", "sk-",   "SG.",  "dop_v1_",     "AIza"};
constexpr size_t kLeastBehindMark = 16;

template <size_t N>
bool IsIn(std::string_view word, const std::string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string DecodedOnce(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexValue(text[i + 2]);
    if (low < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

// "X-Amz-Signature" and "accessToken" and "APIKey" as their words, in lower case.
std::vector<std::string> WordsOf(std::string_view name) {
  std::vector<std::string> words(1);
  for (size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (!absl::ascii_isalnum(c)) {
      if (!words.back().empty()) words.emplace_back();
      continue;
    }
    const bool upper = absl::ascii_isupper(c);
    const bool after_lower = i > 0 && absl::ascii_islower(static_cast<unsigned char>(name[i - 1]));
    const bool before_lower = i + 1 < name.size() && absl::ascii_islower(static_cast<unsigned char>(name[i + 1]));
    const bool after_upper = i > 0 && absl::ascii_isupper(static_cast<unsigned char>(name[i - 1]));
    if (upper && (after_lower || (after_upper && before_lower)) && !words.back().empty()) words.emplace_back();
    words.back() += absl::ascii_tolower(c);
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// "authcode" is what "auth_code" is.
template <size_t N>
bool IsKindOf(std::string_view word, std::string_view end, const std::string_view (&kinds)[N]) {
  return word.ends_with(end) && IsIn(word.substr(0, word.size() - end.size()), kinds);
}

bool EndsInSecret(std::string_view word) {
  return std::any_of(std::begin(kAnywhere), std::end(kAnywhere),
                     [&](std::string_view end) { return word.ends_with(end); });
}

bool WordsNameASecret(const std::vector<std::string>& words) {
  if (words.empty()) return false;
  const std::string& last = words.back();
  if (words.size() > 1 && IsIn(last, kAbout)) return false;
  for (const std::string& word : words) {
    if (EndsInSecret(word) || IsIn(word, kWords) || word.starts_with("passw")) return true;
  }
  if (IsIn(last, kLast) || (words.size() == 1 && IsIn(last, kAlone))) return true;
  const std::string before = words.size() > 1 ? words[words.size() - 2] : "";
  return IsKindOf(last, "key", kKeyOf) || IsKindOf(last, "code", kCodeOf) || IsKindOf(before + last, "key", kKeyOf) ||
         IsKindOf(before + last, "keys", kKeyOf) || IsKindOf(before + last, "code", kCodeOf) ||
         (before == "session" && last == "id");
}

bool IsBase64Url(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '=';
  });
}

// "https://joe:hunter2@host".
bool HoldsAPassword(std::string_view value) {
  const size_t scheme = value.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view authority = value.substr(scheme + 3, value.find_first_of("/?#", scheme + 3) - scheme - 3);
  const size_t at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
}

}  // namespace

std::string FullyDecoded(std::string_view text) {
  std::string decoded(text);
  for (int i = 0; i < kLayers && decoded.find('%') != std::string::npos; ++i) decoded = DecodedOnce(decoded);
  return decoded;
}

bool NamesASecret(std::string_view name) {
  const std::string decoded = FullyDecoded(name);
  // As it is written, and with no case: TOKEN and tOkEn are the same to most servers.
  return WordsNameASecret(WordsOf(decoded)) ||
         WordsNameASecret(WordsOf(absl::AsciiStrToLower(absl::string_view(decoded))));
}

bool MayNameASecret(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(FullyDecoded(name));
  constexpr std::string_view kParts[] = {"token",     "passw",      "secret", "apikey", "api_key", "api-key",
                                         "signature", "credential", "code",   "ticket", "state",   "nonce"};
  return NamesASecret(name) || std::any_of(std::begin(kParts), std::end(kParts), [&](std::string_view part) {
           return lower.find(part) != std::string::npos;
         });
}

bool LooksLikeASecret(std::string_view value) {
  for (const std::string_view mark : kMarks) {
    if (!value.starts_with(mark)) continue;
    const std::string_view rest = value.substr(mark.size());
    if (rest.size() >= kLeastBehindMark && IsBase64Url(rest.substr(0, kLeastBehindMark))) return true;
  }
  // RFC 7519: base64url of '{"', twice, and a signature.
  const size_t first = value.find('.');
  const size_t second = first == std::string_view::npos ? first : value.find('.', first + 1);
  return second != std::string_view::npos && value.starts_with("eyJ") && value.substr(first + 1).starts_with("eyJ") &&
         IsBase64Url(value.substr(0, first));
}

std::string SecretParameterOf(std::string_view url) {
  constexpr std::string_view kSeparators = "?&;#";
  std::string layer(url);
  for (int i = 0; i <= kLayers; ++i) {
    for (size_t at = layer.find_first_of(kSeparators); at != std::string::npos;
         at = layer.find_first_of(kSeparators, at + 1)) {
      const std::string_view item =
          std::string_view(layer).substr(at + 1, layer.find_first_of(kSeparators, at + 1) - at - 1);
      const size_t equals = std::min(item.find('='), item.size());
      const std::string name = FullyDecoded(item.substr(0, equals));
      const std::string value = FullyDecoded(item.substr(std::min(equals + 1, item.size())));
      if (NamesASecret(name) || LooksLikeASecret(value) || HoldsAPassword(value)) return name.empty() ? "?" : name;
    }
    if (layer.find('%') == std::string::npos) break;
    layer = DecodedOnce(layer);
  }
  return "";
}

std::string ShownRef(std::string_view ref) {
  constexpr std::string_view kExec = "exec:";
  if (!ref.starts_with(kExec)) return std::string(ref);
  std::string_view command = ref.substr(kExec.size());
  command.remove_prefix(std::min(command.find_first_not_of(" \t\n"), command.size()));
  const std::string_view program = command.substr(0, command.find_first_of(" \t\n"));
  const bool plain = program.find_first_of("'\"\\=$`") == std::string_view::npos;
  const bool alone = program.size() == command.size();
  return std::string(kExec) + (plain ? std::string(program) : "") + (alone && plain ? "" : plain ? " ..." : "...");
}

}  // namespace parallax::contract
