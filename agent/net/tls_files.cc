#include "agent/net/tls_files.h"

#include "absl/status/statusor.h"
#include "contract/pem.h"
#include "contract/pem_file.h"

namespace parallax::net {

absl::Status CheckIdentityFiles(const std::string& cert, const std::string& key) {
  const auto certificate = contract::ReadPemFile(cert);
  if (!certificate.ok()) return certificate.status();
  const auto secret = contract::ReadPemFile(key);
  return secret.ok() ? contract::CheckIdentity(*certificate, *secret) : secret.status();
}

absl::Status CheckAuthorityFile(const std::string& ca) {
  const auto file = contract::ReadPemFile(ca);
  return file.ok() ? contract::CheckAuthority(*file) : file.status();
}

}  // namespace parallax::net
