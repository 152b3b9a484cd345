#include "agent/net/tls_files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/pem.h"

namespace parallax::net {
namespace {

absl::StatusOr<contract::PemFile> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  if (file && bytes << file.rdbuf()) return contract::PemFile{path, std::move(bytes).str()};
  return absl::NotFoundError(absl::StrCat("cannot read '", contract::Printable(path, 200),
                                          "': ", file ? "it holds nothing" : strerror(errno)));
}

}  // namespace

absl::Status CheckIdentityFiles(const std::string& cert, const std::string& key) {
  const auto certificate = Read(cert);
  if (!certificate.ok()) return certificate.status();
  const auto secret = Read(key);
  return secret.ok() ? contract::CheckIdentity(*certificate, *secret) : secret.status();
}

absl::Status CheckAuthorityFile(const std::string& ca) {
  const auto file = Read(ca);
  return file.ok() ? contract::CheckAuthority(*file) : file.status();
}

}  // namespace parallax::net
