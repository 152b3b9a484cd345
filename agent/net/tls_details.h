// What a TLS handshake showed, as OpenSSL holds it, written into TlsDetails. Beside tls.cc, because OpenSSL's types
// stand in these signatures. Thread-safe: no state.
#ifndef PARALLAX_AGENT_NET_TLS_DETAILS_H_
#define PARALLAX_AGENT_NET_TLS_DETAILS_H_

#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "parallax/v1/observation.pb.h"

namespace parallax::net {

// Version, cipher, ALPN, chain, and what verification says of it, after a handshake. `verify_errors` are all
// X509_V_ERR_* that the verify callback met; `name` is what the certificate is to name (RFC 6125), "" for any.
void DescribeHandshake(const SSL* ssl, const std::vector<int>& verify_errors, const std::string& name,
                       v1::TlsDetails* details);

// The alert in an info callback's value (SSL_CTX_set_info_callback(3)), in words: "handshake failure".
std::string AlertText(int value);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_TLS_DETAILS_H_
