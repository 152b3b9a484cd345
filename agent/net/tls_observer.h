// Watches the handshakes of somebody else's OpenSSL context, that of a client library say, and records what the server
// showed whatever verification says about it. OpenSSL's types stay behind it.
//
// Not thread-safe; one observer belongs to one context, and outlives it.
#ifndef PARALLAX_AGENT_NET_TLS_OBSERVER_H_
#define PARALLAX_AGENT_NET_TLS_OBSERVER_H_

#include <string>
#include <vector>

#include "agent/net/tls_heard.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::net {

class TlsObserver {
 public:
  // `name` is checked against the certificate (RFC 6125). Facts go to `*details`, which is borrowed.
  TlsObserver(std::string name, v1::TlsDetails* details);
  TlsObserver(const TlsObserver&) = delete;
  TlsObserver& operator=(const TlsObserver&) = delete;

  // `ssl_ctx` is an SSL_CTX*, before its first session is made. Verification is switched to "look at all, stop at
  // nothing" (SSL_get_verify_result() still tells of it): whoever owns the session must not use it when
  // details->verify_error is set and verification was asked for.
  void Watch(void* ssl_ctx);

  bool done() const { return done_; }
  // An alert of ours other than close_notify: what came made no sense to OpenSSL.
  bool complained() const { return complained_; }

 private:
  struct Callbacks;

  const std::string name_;
  v1::TlsDetails* const details_;
  std::vector<int> verify_errors_;
  bool done_ = false;
  bool complained_ = false;
  TlsHeard heard_;
};

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_TLS_OBSERVER_H_
