#include "agent/probes/withhold.h"

#include "absl/strings/str_cat.h"

namespace parallax::probes {

bool NamesRoots(const std::string& ssl_root_cert) { return !ssl_root_cert.empty() && ssl_root_cert != "system"; }

std::string WhyKnownOther(const v1::TlsDetails& tls, bool roots_named) {
  // With roots that the user named, or a chain that verifies to another name, the certificate is known to be another's.
  const bool known_other = (roots_named || tls.trusted()) && !tls.verify_error().empty();
  return known_other ? absl::StrCat("the certificate is not the expected one: ", tls.verify_error()) : "";
}

std::string WhyPasswordWithheld(int32_t code, const v1::TlsDetails* tls, bool roots_named) {
  if (code == kAuthenticationSasl) return "";
  if (tls == nullptr) return "the server asks for the password in a form that must not travel without TLS";
  return WhyKnownOther(*tls, roots_named);
}

}  // namespace parallax::probes
