// The parts of a URL, as libcurl reads it. Pure; thread-safe.
#ifndef PARALLAX_AGENT_CLIENTS_HTTP_URL_H_
#define PARALLAX_AGENT_CLIENTS_HTTP_URL_H_

#include <cstdint>
#include <string>

namespace parallax::clients {

// Scheme, host and port of an absolute http or https URL; false for any other. Takes a user, a password and a fragment
// out of it: none of them is anybody's business here.
bool SplitUrl(std::string* url, bool* tls, std::string* host, uint16_t* port);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_HTTP_URL_H_
