// What free text is made of, where a name, an address or a path may stand in it. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_REDACT_TOKENS_H_
#define PARALLAX_CONTROLLER_REPORT_REDACT_TOKENS_H_

#include <algorithm>
#include <string_view>

namespace parallax::report {

bool IsAlnum(char c);
bool IsDigit(char c);
bool EndsPath(char c);

// The longest beginning of `text` of which every byte is so.
template <typename Is>
std::string_view Prefix(std::string_view text, Is is) {
  return text.substr(0, static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is) - text.begin()));
}

// `family` is AF_INET or AF_INET6.
bool Parses(int family, std::string_view text);

// What stands at the beginning of `text`; "" when it does not.
std::string_view Ipv4At(std::string_view text);
std::string_view Ipv6At(std::string_view text);
// Sixteen hex digits or more, or what follows "SHA256:" as ssh-keygen prints it.
std::string_view FingerprintAt(std::string_view text);

// "db.internal" and not "pg_hba.conf", "e.g", "15.6".
bool LooksLikeHost(std::string_view token);

// A path that is the same on every machine.
bool IsPlainPath(std::string_view path);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_REDACT_TOKENS_H_
