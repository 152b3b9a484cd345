#include "agent/clients/shown_url.h"

#include <algorithm>

#include "contract/secret_names.h"

namespace parallax::clients {
namespace {

constexpr std::string_view kHiding = "***";

// Of these only that they were there: they are, or may be, credentials.
constexpr std::string_view kHidden[] = {"set-cookie",          "set-cookie2",         "cookie",
                                        "authorization",       "authentication-info", "www-authenticate",
                                        "proxy-authorization", "x-api-key",           "x-amz-security-token",
                                        "x-auth-token",        "x-csrf-token"};
constexpr std::string_view kUrls[] = {"location", "content-location"};

template <size_t N>
bool IsOneOf(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// Of a parameter, with what separates it from the one before: by its name, by its looks, or by a URL in its value.
bool IsSecret(std::string_view parameter, size_t equals) {
  return equals != std::string_view::npos &&
         (contract::MayNameASecret(parameter.substr(1, equals - 1)) || !contract::SecretParameterOf(parameter).empty());
}

// Where the authority begins (RFC 3986 section 3.2): after "//" or "scheme:", and after as many slashes as there are,
// because libcurl and browsers take more and fewer than two; npos where there is none.
size_t AuthorityOf(std::string_view url) {
  constexpr std::string_view kOfScheme = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
  const size_t scheme = url.find_first_not_of(kOfScheme);
  const bool absolute = scheme != std::string_view::npos && scheme > 0 && url[scheme] == ':';
  if (!absolute && !url.starts_with("//")) return std::string_view::npos;
  return url.find_first_not_of("/\\", absolute ? scheme + 1 : 0);
}

}  // namespace

std::string ShownUrl(std::string_view url) {
  std::string shown;
  if (const size_t authority = AuthorityOf(url); authority != std::string_view::npos) {
    const std::string_view host = url.substr(authority, url.find_first_of("/\\?#", authority) - authority);
    shown = url.substr(0, authority);
    url.remove_prefix(authority + (host.rfind('@') == std::string_view::npos ? 0 : host.rfind('@') + 1));
  }
  const std::string_view path = url.substr(0, url.find_first_of("?#;"));  // a path has parameters, too
  shown += path;
  url.remove_prefix(path.size());
  bool in_path = true;
  while (!url.empty()) {  // each parameter with what stands before it
    in_path = in_path && url.front() == ';';
    std::string_view parameter = url.substr(0, url.find_first_of("?#&;", 1));
    const size_t equals = parameter.find('=');
    const bool secret = IsSecret(parameter, equals);
    if (secret)
      parameter = url.substr(0, url.find_first_of(in_path ? "/?#" : "#&", 1));  // the others may stand in a value
    shown += secret ? parameter.substr(0, equals + 1) : parameter;
    if (secret) shown += kHiding;
    url.remove_prefix(parameter.size());
  }
  return shown;
}

std::string ShownHeader(std::string_view name, std::string_view value) {
  if (IsOneOf(name, kHidden)) return std::string(kHiding);
  return IsOneOf(name, kUrls) ? ShownUrl(value) : std::string(value);
}

}  // namespace parallax::clients
