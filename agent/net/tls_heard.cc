#include "agent/net/tls_heard.h"

#include <openssl/ssl.h>

#include "agent/net/tls_details.h"

namespace parallax::net {

void TlsHeard::Note(int write_p, int content_type, const void* bytes, size_t size) {
  if (write_p != 0) return;
  const auto* data = static_cast<const unsigned char*>(bytes);
  if (content_type == SSL3_RT_HEADER && !any_ && size >= 2) {
    any_ = true;
    record_ = data[0] >= SSL3_RT_CHANGE_CIPHER_SPEC && data[0] <= SSL3_RT_APPLICATION_DATA && data[1] == 3;
  }
  if (content_type != SSL3_RT_HANDSHAKE || size < 6) return;
  if (data[0] == SSL3_MT_SERVER_HELLO) version_ = data[4] << 8 | data[5];
  if (data[0] == SSL3_MT_CERTIFICATE) certificates_ = size;
}

void TlsHeard::Describe(v1::TlsDetails* details) const {
  details->set_certificate_bytes(certificates_);
  // TLS 1.3 calls itself 1.2 here (RFC 8446 section 4.1.3): what was agreed on tells them apart.
  switch (version_) {
    case 0: return;
    case SSL3_VERSION: details->set_server_version("SSLv3"); return;
    case TLS1_VERSION: details->set_server_version("TLSv1"); return;
    case TLS1_1_VERSION: details->set_server_version("TLSv1.1"); return;
    default: details->set_server_version(details->version().empty() ? "TLSv1.2 or newer" : details->version()); return;
  }
}

void TlsHeard::Describe(int reason, v1::TlsDetails* details) const {
  Describe(details);
  const bool hello = version_ != 0;
  if (!record_) {
    details->set_trouble(v1::NOT_TLS);
  } else if ((hello && version_ < TLS1_2_VERSION) || details->alert() == AlertText(SSL_AD_PROTOCOL_VERSION)) {
    details->set_trouble(v1::VERSION_TOO_OLD);
  } else if (hello && (reason == SSL_R_EXCESSIVE_MESSAGE_SIZE || certificates_ > kMaxChainTaken)) {
    details->set_trouble(v1::CHAIN_TOO_LARGE);
  } else if (details->alert().empty()) {
    details->set_trouble(v1::BROKEN_TLS);
  }
}

std::string TroubleText(const v1::TlsDetails& details, const std::string& otherwise) {
  if (details.trouble() == v1::VERSION_TOO_OLD && !details.server_version().empty()) {
    return "the server has nothing newer than " + details.server_version() + ", and clients of today want TLSv1.2";
  }
  if (details.trouble() == v1::CHAIN_TOO_LARGE) {
    const std::string size = details.certificate_bytes() == 0 ? "over " + std::to_string(kMaxChainTaken)
                                                              : std::to_string(details.certificate_bytes());
    return "the server's certificates take " + size + " bytes, and clients take " + std::to_string(kMaxChainTaken);
  }
  return otherwise;
}

}  // namespace parallax::net
