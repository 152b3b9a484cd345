#include "agent/net/peer_certificate.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <memory>
#include <vector>

#include "agent/net/tls_details.h"
#include "agent/net/trust_store.h"

namespace parallax::net {
namespace {

struct FreeContext {
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
};

int NoteError(int ok, X509_STORE_CTX* store) {
  auto* errors = static_cast<std::vector<int>*>(X509_STORE_CTX_get_app_data(store));
  if (ok == 0) errors->push_back(X509_STORE_CTX_get_error(store));
  return 1;  // every error, not only the first: dates and trust are told apart
}

}  // namespace

void DescribePeer(const void* ssl, const std::string& name, const std::string& root_cert, v1::TlsDetails* details) {
  const auto* session = static_cast<const SSL*>(ssl);
  const std::shared_ptr<X509_STORE> roots = TrustedRoots(root_cert).store;
  X509* leaf = SSL_get0_peer_certificate(session);
  const std::unique_ptr<X509_STORE_CTX, FreeContext> context(X509_STORE_CTX_new());
  std::vector<int> errors;
  if (roots == nullptr || leaf == nullptr || context == nullptr ||
      X509_STORE_CTX_init(context.get(), roots.get(), leaf, SSL_get_peer_cert_chain(session)) != 1) {
    errors.push_back(X509_V_ERR_UNSPECIFIED);
  } else {
    X509_STORE_CTX_set_default(context.get(), "ssl_server");
    X509_STORE_CTX_set_app_data(context.get(), &errors);
    X509_STORE_CTX_set_verify_cb(context.get(), &NoteError);
    if (X509_verify_cert(context.get()) != 1 && errors.empty()) errors.push_back(X509_V_ERR_UNSPECIFIED);
  }
  ERR_clear_error();
  DescribeHandshake(session, errors, name, details);
}

}  // namespace parallax::net
