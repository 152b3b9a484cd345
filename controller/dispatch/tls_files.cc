#include "controller/dispatch/tls_files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/pem.h"

namespace parallax::dispatch {
namespace {

absl::StatusOr<contract::PemFile> Read(const char* flag, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  if (file && bytes << file.rdbuf()) return contract::PemFile{path, std::move(bytes).str()};
  return absl::InvalidArgumentError(absl::StrCat(flag, ": cannot read '", contract::Printable(path, 200),
                                                 "': ", file ? "it holds nothing" : strerror(errno)));
}

absl::Status Prefixed(const char* flag, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", std::string(status.message())));
}

}  // namespace

absl::Status CheckTlsFiles(const TlsFiles& tls) {
  if (tls.cert.empty() != tls.key.empty()) {
    return absl::InvalidArgumentError("a certificate and its key go together: give both --tls-cert and --tls-key");
  }
  if (!tls.ca.empty()) {
    const auto ca = Read("--tls-ca", tls.ca);
    if (!ca.ok()) return ca.status();
    if (absl::Status status = Prefixed("--tls-ca", contract::CheckAuthority(*ca)); !status.ok()) return status;
  }
  if (tls.cert.empty()) return absl::OkStatus();
  const auto cert = Read("--tls-cert", tls.cert);
  if (!cert.ok()) return cert.status();
  const auto key = Read("--tls-key", tls.key);
  if (!key.ok()) return key.status();
  return Prefixed("--tls-cert and --tls-key", contract::CheckIdentity(*cert, *key));
}

}  // namespace parallax::dispatch
