#include "tests/support/tls_identity.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace parallax::support {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};

// What cannot fail on a sane host ends the test program when it does.
void Must(bool ok) {
  if (!ok) std::abort();
}

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text = size > 0 ? std::string(data, static_cast<size_t>(size)) : "";
  BIO_reset(bio);
  return text;
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Must(extension != nullptr);
  Must(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

int PickAlpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
             void* wanted) {
  const auto* ours = static_cast<const std::string*>(wanted);
  unsigned char* chosen = nullptr;
  const auto* bytes = reinterpret_cast<const unsigned char*>(ours->data());
  if (SSL_select_next_proto(&chosen, out_size, bytes, static_cast<unsigned>(ours->size()), in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

struct TlsIdentity::Impl {
  std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>> key;
  std::unique_ptr<X509, Deleter<X509_free>> certificate;
};

TlsIdentity::TlsIdentity(const CertificateSpec& spec) : impl_(std::make_unique<Impl>()) {
  impl_->key.reset(EVP_EC_gen("P-256"));
  impl_->certificate.reset(X509_new());
  X509* certificate = impl_->certificate.get();
  Must(impl_->key != nullptr && certificate != nullptr);
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), spec.not_before);
  X509_gmtime_adj(X509_getm_notAfter(certificate), spec.not_after);
  X509_set_pubkey(certificate, impl_->key.get());
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(spec.common_name.data()),
                             static_cast<int>(spec.common_name.size()), -1, 0);
  X509_set_issuer_name(certificate, name);
  AddExtension(certificate, NID_basic_constraints, "CA:TRUE");
  std::string names;
  for (const std::string& dns : spec.dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + dns;
  for (const std::string& ip : spec.ip_addresses) names += (names.empty() ? "IP:" : ",IP:") + ip;
  if (!names.empty()) AddExtension(certificate, NID_subject_alt_name, names);
  Must(X509_sign(certificate, impl_->key.get(), EVP_sha256()) > 0);

  const std::unique_ptr<BIO, Deleter<BIO_free>> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  certificate_pem_ = Drain(bio.get());
  PEM_write_bio_PrivateKey(bio.get(), impl_->key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  key_pem_ = Drain(bio.get());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  Must(X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1);
  sha256_.assign(reinterpret_cast<const char*>(digest.data()), size);
}

TlsIdentity::~TlsIdentity() = default;

struct TlsServerSession::Impl {
  std::string alpn;
  std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> context;
  std::unique_ptr<SSL, Deleter<SSL_free>> ssl;
  BIO* in = nullptr;  // owned by ssl, as out
  BIO* out = nullptr;
};

TlsServerSession::TlsServerSession(const TlsIdentity& identity) : impl_(std::make_unique<Impl>()) {
  impl_->context.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = impl_->context.get();
  Must(SSL_CTX_use_certificate(context, identity.impl_->certificate.get()) == 1);
  Must(SSL_CTX_use_PrivateKey(context, identity.impl_->key.get()) == 1);
  if (identity.tls12_only || identity.no_shared_cipher) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (identity.tls11_only) {
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  }
  for (int i = 0; i < identity.chain_copies; ++i) {
    Must(SSL_CTX_add1_chain_cert(context, identity.impl_->certificate.get()) == 1);
  }
  // An EC certificate with a cipher that needs an RSA one: nothing is left to agree on.
  if (identity.no_shared_cipher) Must(SSL_CTX_set_cipher_list(context, "AES128-SHA") == 1);
  if (identity.wants_client_certificate) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  for (const std::string& protocol : identity.alpn) {
    impl_->alpn += static_cast<char>(protocol.size());
    impl_->alpn += protocol;
  }
  if (!impl_->alpn.empty()) SSL_CTX_set_alpn_select_cb(context, &PickAlpn, &impl_->alpn);
  impl_->ssl.reset(SSL_new(context));
  impl_->in = BIO_new(BIO_s_mem());
  impl_->out = BIO_new(BIO_s_mem());
  SSL_set_bio(impl_->ssl.get(), impl_->in, impl_->out);
  SSL_set_accept_state(impl_->ssl.get());
}

TlsServerSession::~TlsServerSession() = default;

bool TlsServerSession::Handshake() {
  ERR_clear_error();
  const int status = SSL_do_handshake(impl_->ssl.get());
  if (status == 1) return true;
  failed_ = SSL_get_error(impl_->ssl.get(), status) != SSL_ERROR_WANT_READ;
  return false;
}

std::string TlsServerSession::Read(size_t max) {
  std::string bytes(max, '\0');
  size_t got = 0;
  ERR_clear_error();
  const int status = SSL_read_ex(impl_->ssl.get(), bytes.data(), bytes.size(), &got);
  if (status != 1) failed_ = SSL_get_error(impl_->ssl.get(), status) != SSL_ERROR_WANT_READ;
  bytes.resize(got);
  return bytes;
}

bool TlsServerSession::Write(std::string_view bytes) {
  size_t written = 0;
  ERR_clear_error();
  return bytes.empty() || SSL_write_ex(impl_->ssl.get(), bytes.data(), bytes.size(), &written) == 1;
}

void TlsServerSession::GiveInput(std::string_view bytes) {
  BIO_write(impl_->in, bytes.data(), static_cast<int>(bytes.size()));
}

std::string TlsServerSession::TakeOutput() { return Drain(impl_->out); }

TempFile::TempFile(std::string_view content) {
  char path[] = "/tmp/parallax-test-XXXXXX";
  const int fd = mkstemp(path);
  Must(fd >= 0);
  Must(write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  close(fd);
  path_ = path;
}

TempFile::~TempFile() { unlink(path_.c_str()); }

}  // namespace parallax::support
