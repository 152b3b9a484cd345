#include "agent/net/tls.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "agent/net/address.h"
#include "agent/net/classify.h"
#include "agent/net/connection.h"
#include "agent/net/tls_details.h"
#include "agent/net/tls_heard.h"
#include "agent/net/trust_store.h"

namespace parallax::net {
namespace {

// A GREASE code point: RFC 8701 obliges servers to ignore it.
constexpr unsigned kPaddingExtension = 0x5A5A;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using SslCtxPtr = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Deleter<SSL_free>>;

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text = size > 0 ? std::string(data, static_cast<size_t>(size)) : "";
  BIO_reset(bio);
  return text;
}

// 0, which is OpenSSL's word for any, of what is none.
int VersionOf(std::string_view name) {
  if (name == "TLSv1") return TLS1_VERSION;
  if (name == "TLSv1.1") return TLS1_1_VERSION;
  if (name == "TLSv1.2") return TLS1_2_VERSION;
  return name == "TLSv1.3" ? TLS1_3_VERSION : 0;
}

int AddPadding(SSL*, unsigned, unsigned, const unsigned char** out, size_t* size, X509*, size_t, int*, void* padding) {
  const auto* bytes = static_cast<const std::string*>(padding);
  *out = reinterpret_cast<const unsigned char*>(bytes->data());
  *size = bytes->size();
  return 1;
}

}  // namespace

struct TlsSession::Impl {
  std::string padding;
  std::vector<int> verify_errors;  // every one, not only the first: dates and trust are told apart
  std::string alert;               // that the server sent
  TlsHeard heard;
  IoResult setup;  // why there is no session, when there is none
  SslCtxPtr context;
  SslPtr ssl;
  BIO* in = nullptr;   // what came from the server; owned by ssl
  BIO* out = nullptr;  // what is to go
  bool done = false;

  static int OnVerify(int ok, X509_STORE_CTX* store) {
    auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* impl = static_cast<Impl*>(SSL_get_app_data(ssl));
    if (ok == 0) impl->verify_errors.push_back(X509_STORE_CTX_get_error(store));
    return 1;  // go on: we look at what there is, and judge afterwards
  }
  static void OnInfo(const SSL* ssl, int where, int value) {
    if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || (value & 0xff) == SSL_AD_CLOSE_NOTIFY) return;
    static_cast<Impl*>(SSL_get_app_data(ssl))->alert = AlertText(value);
  }
  static void OnMessage(int write_p, int, int content_type, const void* bytes, size_t size, SSL*, void* impl) {
    static_cast<Impl*>(impl)->heard.Note(write_p, content_type, bytes, size);
  }
};

TlsSession::TlsSession(ByteStream& transport, TlsOptions options)
    : transport_(transport), options_(std::move(options)), impl_(std::make_unique<Impl>()) {
  Impl& impl = *impl_;
  impl.context.reset(SSL_CTX_new(TLS_client_method()));
  if (impl.context == nullptr) {
    impl.setup = {v1::LOCAL_RESOURCE, 0, 0, "OpenSSL gives no context"};
    return;
  }
  SSL_CTX_set_verify(impl.context.get(), SSL_VERIFY_NONE, &Impl::OnVerify);
  const Roots roots = TrustedRoots(options_.root_cert);
  if (roots.store == nullptr) {
    const int error = access(options_.root_cert.c_str(), R_OK) == 0 ? 0 : errno;
    impl.setup = {v1::LOCAL_RESOURCE, error, 0,
                  "cannot read root certificates from " + options_.root_cert + ": " + roots.why};
    return;
  }
  SSL_CTX_set1_cert_store(impl.context.get(), roots.store.get());
  if (options_.pad_client_hello > 0) {
    impl.padding.assign(options_.pad_client_hello, '\0');
    SSL_CTX_add_custom_ext(impl.context.get(), kPaddingExtension, SSL_EXT_CLIENT_HELLO, &AddPadding, nullptr,
                           &impl.padding, nullptr, nullptr);
  }
  if (!options_.min_version.empty()) SSL_CTX_set_min_proto_version(impl.context.get(), VersionOf(options_.min_version));
  if (!options_.max_version.empty()) SSL_CTX_set_max_proto_version(impl.context.get(), VersionOf(options_.max_version));
  impl.ssl.reset(SSL_new(impl.context.get()));
  impl.in = BIO_new(BIO_s_mem());
  impl.out = BIO_new(BIO_s_mem());
  if (impl.ssl == nullptr || impl.in == nullptr || impl.out == nullptr) {
    BIO_free(impl.in);
    BIO_free(impl.out);
    impl.setup = {v1::LOCAL_RESOURCE, 0, 0, "OpenSSL gives no session"};
    return;
  }
  SSL_set_bio(impl.ssl.get(), impl.in, impl.out);
  SSL_set_app_data(impl.ssl.get(), &impl);
  SSL_set_info_callback(impl.ssl.get(), &Impl::OnInfo);
  SSL_set_msg_callback(impl.ssl.get(), &Impl::OnMessage);
  SSL_set_msg_callback_arg(impl.ssl.get(), &impl);
  // What the real clients do, whatever this host's openssl.cnf says: libpq's ssl_min_protocol_version.
  SSL_set_min_proto_version(impl.ssl.get(), TLS1_2_VERSION);
  SSL_set_max_cert_list(impl.ssl.get(), static_cast<long>(kMaxChainRead));
  SSL_set_connect_state(impl.ssl.get());
  // SNI carries names only, RFC 6066 section 3.
  if (options_.send_sni && !options_.name.empty() && !IsNumericAddress(options_.name)) {
    SSL_set_tlsext_host_name(impl.ssl.get(), options_.name.c_str());
  }
  std::string protocols;
  for (const std::string& protocol : options_.alpn) {
    if (protocol.empty() || protocol.size() > 255) continue;
    protocols += static_cast<char>(protocol.size());
    protocols += protocol;
  }
  if (!protocols.empty()) {
    SSL_set_alpn_protos(impl.ssl.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  }
}

TlsSession::~TlsSession() = default;

IoResult TlsSession::Handshake(v1::TlsDetails* details, int64_t deadline_ns) {
  details->set_clock_unix(options_.now_unix);
  if (options_.send_sni && !options_.name.empty() && !IsNumericAddress(options_.name)) details->set_sni(options_.name);
  details->set_trust_store(options_.root_cert.empty() ? X509_get_default_cert_dir() : options_.root_cert.c_str());
  if (!impl_->setup.ok()) return impl_->setup;
  SSL* ssl = impl_->ssl.get();
  size_t heard = 0;
  for (;;) {
    ERR_clear_error();
    const int status = SSL_do_handshake(ssl);
    const int error = SSL_get_error(ssl, status);
    if (details->client_hello_size() == 0) details->set_client_hello_size(BIO_ctrl_pending(impl_->out));
    // Also after an error: our own alert tells the server why.
    IoResult sent = Flush(deadline_ns);
    if (status == 1) {
      if (!sent.ok()) return sent;
      DescribeHandshake(ssl, impl_->verify_errors, options_.name, details);
      impl_->heard.Describe(details);
      if (details->certificate_bytes() > kMaxChainTaken) {
        // The handshake went through here, and goes through with no client.
        details->set_trouble(v1::CHAIN_TOO_LARGE);
        return {v1::TLS_PROTOCOL, 0, heard, TroubleText(*details, "")};
      }
      impl_->done = true;
      return {v1::NONE, 0, heard, ""};
    }
    if (error == SSL_ERROR_WANT_READ) {
      if (!sent.ok() && sent.failure == v1::TIMED_OUT) return sent;
      // A write that met a reset may still have the server's alert waiting to be read.
      IoResult got = Feed(deadline_ns);
      heard += got.bytes;
      if (got.ok()) continue;
      got.bytes = heard;
      return got;
    }
    const unsigned long code = ERR_peek_last_error();
    const char* reason = ERR_reason_error_string(code);
    std::string text = reason == nullptr ? "the handshake ended without a reason" : reason;
    details->set_alert(impl_->alert);
    impl_->heard.Describe(ERR_GET_REASON(code), details);
    ERR_clear_error();
    if (!impl_->alert.empty()) return {v1::TLS_ALERT, 0, heard, "the server sent the alert: " + impl_->alert};
    return {v1::TLS_PROTOCOL, 0, heard, TroubleText(*details, text)};
  }
}

IoResult TlsSession::Write(std::string_view bytes, int64_t deadline_ns) {
  if (!impl_->done) return {v1::LOCAL_RESOURCE, 0, 0, "no TLS session"};
  ERR_clear_error();
  size_t written = 0;
  // Memory takes everything at once.
  if (SSL_write_ex(impl_->ssl.get(), bytes.data(), bytes.size(), &written) != 1) {
    return {v1::TLS_PROTOCOL, 0, 0, "OpenSSL would not encrypt"};
  }
  IoResult sent = Flush(deadline_ns);
  if (sent.ok()) sent.bytes = written;
  return sent;
}

IoResult TlsSession::Read(std::string* to, size_t max, int64_t deadline_ns) {
  if (!impl_->done) return {v1::LOCAL_RESOURCE, 0, 0, "no TLS session"};
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    ERR_clear_error();
    size_t got = 0;
    const int status = SSL_read_ex(impl_->ssl.get(), buffer.data(), std::min(max, buffer.size()), &got);
    if (status == 1) {
      to->append(buffer.data(), got);
      return {v1::NONE, 0, got, ""};
    }
    const int error = SSL_get_error(impl_->ssl.get(), status);
    if (IoResult sent = Flush(deadline_ns); sent.failure == v1::TIMED_OUT) return sent;
    if (error == SSL_ERROR_ZERO_RETURN) return {FromEndOfStream(/*heard=*/true), 0, 0, "close_notify"};
    if (error != SSL_ERROR_WANT_READ) {
      ERR_clear_error();
      if (!impl_->alert.empty()) return {v1::TLS_ALERT, 0, 0, "the server sent the alert: " + impl_->alert};
      return {v1::TLS_PROTOCOL, 0, 0, "what came is not TLS"};
    }
    if (IoResult fed = Feed(deadline_ns); !fed.ok()) return fed;
  }
}

std::string TlsSession::ServerEndPoint() const {
  X509* leaf = impl_->done ? SSL_get0_peer_certificate(impl_->ssl.get()) : nullptr;
  int digest_nid = NID_undef;
  if (leaf == nullptr || OBJ_find_sigid_algs(X509_get_signature_nid(leaf), &digest_nid, nullptr) != 1) return "";
  // RFC 5929: MD5 and SHA-1 are replaced by SHA-256.
  if (digest_nid == NID_md5 || digest_nid == NID_sha1) digest_nid = NID_sha256;
  const EVP_MD* digest = EVP_get_digestbynid(digest_nid);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned size = 0;
  if (digest == nullptr || X509_digest(leaf, digest, hash.data(), &size) != 1) return "";
  return {reinterpret_cast<const char*>(hash.data()), size};
}

IoResult TlsSession::Flush(int64_t deadline_ns) {
  const std::string bytes = Drain(impl_->out);
  return bytes.empty() ? IoResult{} : transport_.Write(bytes, deadline_ns);
}

IoResult TlsSession::Feed(int64_t deadline_ns) {
  std::string bytes;
  IoResult got = transport_.Read(&bytes, 16 * 1024, deadline_ns);
  if (got.ok()) BIO_write(impl_->in, bytes.data(), static_cast<int>(bytes.size()));
  return got;
}

}  // namespace parallax::net
