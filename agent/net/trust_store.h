// Root certificates, parsed once and shared by all TLS sessions of the process: a system's bundle takes 25 ms, which
// would be most of what a probe measures. A file that changes is read again.
#ifndef PARALLAX_AGENT_NET_TRUST_STORE_H_
#define PARALLAX_AGENT_NET_TRUST_STORE_H_

#include <openssl/types.h>

#include <memory>
#include <string>

namespace parallax::net {

struct Roots {
  std::shared_ptr<X509_STORE> store;  // null: there is none, and
  std::string why;                    // this is the reason, a phrase without the path
};

// The roots in the PEM file `path`; "" are the system's, of SSL_CERT_FILE and SSL_CERT_DIR where these are set. None
// when a named file is no plain file, cannot be read, is larger than 8 MiB or holds no certificate; OpenSSL's error
// queue is then as it was. Never waits for another caller's file. Thread-safe, as is verifying with one store from many
// threads.
Roots TrustedRoots(const std::string& path);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_TRUST_STORE_H_
