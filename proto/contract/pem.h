// Certificates and keys in PEM (RFC 7468), looked at before a library that only logs is given them. Pure; thread-safe.
#ifndef PARALLAX_CONTRACT_PEM_H_
#define PARALLAX_CONTRACT_PEM_H_

#include <string>

#include "absl/status/status.h"

namespace parallax::contract {

struct PemFile {
  std::string path;  // for the messages
  std::string bytes;
};

// OK when `certificate` holds a certificate chain and `key` the private key of its first one, without a pass phrase.
// InvalidArgument names the file and what is wrong with it; nothing of a key's content is ever in a message.
absl::Status CheckIdentity(const PemFile& certificate, const PemFile& key);

// OK when `ca` holds at least one certificate.
absl::Status CheckAuthority(const PemFile& ca);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_PEM_H_
