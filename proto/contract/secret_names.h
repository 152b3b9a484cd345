// Which names, of a URL's parameters say, announce a secret, and which values are one whatever their name; and what of
// a secret reference may be shown. URLs and commands are stored and shown, so both programs ask here. Nobody knows all
// names: these are the usual ones, by whole words ("code", "auth_code", "accessToken"), so that "keyspace", "author"
// and "code_version" stay what they are. Pure; thread-safe.
#ifndef PARALLAX_CONTRACT_SECRET_NAMES_H_
#define PARALLAX_CONTRACT_SECRET_NAMES_H_

#include <string>
#include <string_view>

namespace parallax::contract {

// What `text` is once all percent-encoding (RFC 3986 section 2.1) is taken off, a few layers deep; a '%' that is no
// escape stays. For looking only: what it gives is no URL any more.
std::string FullyDecoded(std::string_view text);

// As it stands in a URL, percent-encoded or not, in any case.
bool NamesASecret(std::string_view name);

// The same, but rather one too many: for what is only shown, where a hidden value costs little.
bool MayNameASecret(std::string_view name);

// A JSON web token, or one that its issuer marks as a credential ("ghp_...", "sk_live_...").
bool LooksLikeASecret(std::string_view value);

// The name of the first parameter in `url`, of its path (";jsessionid=x"), query, fragment, or a URL in one of its
// values (percent-encoded or not), that is a secret by its name or its value; "" none. Decoded, not bounded. The name
// alone: never a value.
std::string SecretParameterOf(std::string_view url);

// A secret reference as it may be shown and kept: of exec:COMMAND no more than the program, because people put secrets
// into command lines ("exec:vault ..."); the others are names, and stay.
std::string ShownRef(std::string_view ref);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_SECRET_NAMES_H_
