#include "agent/net/tls_observer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

#include "agent/net/tls_details.h"

namespace parallax::net {
namespace {

// Where a context keeps its observer.
int ObserverIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

}  // namespace

struct TlsObserver::Callbacks {
  static TlsObserver* Of(const SSL* ssl) {
    return static_cast<TlsObserver*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), ObserverIndex()));
  }

  static int OnVerify(int ok, X509_STORE_CTX* store) {
    const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (ok == 0) Of(ssl)->verify_errors_.push_back(X509_STORE_CTX_get_error(store));
    return 1;
  }

  static void OnMessage(int write_p, int, int content_type, const void* bytes, size_t size, SSL*, void* observer) {
    static_cast<TlsObserver*>(observer)->heard_.Note(write_p, content_type, bytes, size);
  }

  static void OnInfo(const SSL* ssl, int where, int value) {
    TlsObserver* observer = Of(ssl);
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0 && !observer->done_) {
      observer->done_ = true;
      DescribeHandshake(ssl, observer->verify_errors_, observer->name_, observer->details_);
      observer->heard_.Describe(observer->details_);
    }
    if ((where & SSL_CB_ALERT) == 0 || (value & 0xff) == SSL_AD_CLOSE_NOTIFY) return;
    if ((where & SSL_CB_READ) != 0) {
      observer->details_->set_alert(AlertText(value));
      if (!observer->done_) observer->heard_.Describe(/*reason=*/0, observer->details_);
    } else {
      observer->complained_ = true;
      // OpenSSL notes the reason before it sends the alert.
      if (!observer->done_) observer->heard_.Describe(ERR_GET_REASON(ERR_peek_last_error()), observer->details_);
    }
  }
};

TlsObserver::TlsObserver(std::string name, v1::TlsDetails* details) : name_(std::move(name)), details_(details) {}

void TlsObserver::Watch(void* ssl_ctx) {
  auto* context = static_cast<SSL_CTX*>(ssl_ctx);
  SSL_CTX_set_ex_data(context, ObserverIndex(), this);
  SSL_CTX_set_info_callback(context, &Callbacks::OnInfo);
  SSL_CTX_set_msg_callback(context, &Callbacks::OnMessage);
  SSL_CTX_set_msg_callback_arg(context, this);
  // OpenSSL verifies the chain also under SSL_VERIFY_NONE; the callback sees every error then as well.
  SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), &Callbacks::OnVerify);
}

}  // namespace parallax::net
