// What of an HTTP answer may be shown and stored. Pure; thread-safe.
#ifndef PARALLAX_AGENT_CLIENTS_SHOWN_URL_H_
#define PARALLAX_AGENT_CLIENTS_SHOWN_URL_H_

#include <string>
#include <string_view>

namespace parallax::clients {

// A URL or a reference to one (RFC 3986 section 4.1) without its user and password, and with *** for the values of
// those parameters of its query and its fragment whose names say that they are secret. What is no URL comes out as well
// as it may. Not bounded.
std::string ShownUrl(std::string_view url);

// The value of the answer's header `name`, in lower case: of cookies and credentials that they were there, of a URL
// what ShownUrl() leaves. Not bounded.
std::string ShownHeader(std::string_view name, std::string_view value);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_SHOWN_URL_H_
