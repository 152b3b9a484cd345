// Certificate and key files, looked at before a library that only logs is given their names. Stateless; thread-safe.
#ifndef PARALLAX_AGENT_NET_TLS_FILES_H_
#define PARALLAX_AGENT_NET_TLS_FILES_H_

#include <string>

#include "absl/status/status.h"

namespace parallax::net {

// OK when `cert` holds a PEM certificate chain and `key` the private key of its first certificate. NotFound or
// InvalidArgument name the file and what is wrong with it; nothing of a key's content is ever in a message.
absl::Status CheckIdentityFiles(const std::string& cert, const std::string& key);

// OK when `ca` holds at least one PEM certificate.
absl::Status CheckAuthorityFile(const std::string& ca);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_TLS_FILES_H_
