#include "controller/dispatch/tls_files.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "contract/pem.h"
#include "contract/pem_file.h"

namespace parallax::dispatch {
namespace {

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
    const auto ca = contract::ReadPemFile(tls.ca);
    if (!ca.ok()) return Prefixed("--tls-ca", ca.status());
    if (absl::Status status = Prefixed("--tls-ca", contract::CheckAuthority(*ca)); !status.ok()) return status;
  }
  if (tls.cert.empty()) return absl::OkStatus();
  const auto cert = contract::ReadPemFile(tls.cert);
  if (!cert.ok()) return Prefixed("--tls-cert", cert.status());
  const auto key = contract::ReadPemFile(tls.key);
  if (!key.ok()) return Prefixed("--tls-key", key.status());
  return Prefixed("--tls-cert and --tls-key", contract::CheckIdentity(*cert, *key));
}

}  // namespace parallax::dispatch
