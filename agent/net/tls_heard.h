// What a TLS server's own messages said, whatever became of the handshake: is it TLS at all, which version did it
// choose, how large are its certificates. OpenSSL's types stay behind it. Not thread-safe; one object a handshake.
#ifndef PARALLAX_AGENT_NET_TLS_HEARD_H_
#define PARALLAX_AGENT_NET_TLS_HEARD_H_

#include <cstddef>
#include <string>

#include "parallax/v1/observation.pb.h"

namespace parallax::net {

// What a client takes of certificates, in bytes of the server's message: OpenSSL's own bound, and so that of libpq and
// libcurl. Our own handshake reads on beyond it, up to kMaxChainRead, to say how large the chain is.
inline constexpr size_t kMaxChainTaken = 100 * 1024;
inline constexpr size_t kMaxChainRead = 4 * 1024 * 1024;

// Fed by a message callback (SSL_CTX_set_msg_callback(3)), whose arguments Note() takes.
class TlsHeard {
 public:
  void Note(int write_p, int content_type, const void* bytes, size_t size);
  // Version and sizes into `*details`; `trouble` where the handshake failed: `reason` is OpenSSL's
  // (ERR_GET_REASON(3)), and details->alert what the server said.
  void Describe(int reason, v1::TlsDetails* details) const;
  // The same of a handshake that went through.
  void Describe(v1::TlsDetails* details) const;

 private:
  bool any_ = false;         // a record's header came
  bool record_ = false;      // the first one was that of TLS
  int version_ = 0;          // of the server's hello
  size_t certificates_ = 0;  // bytes of its Certificate message
};

// The sentence for a handshake that failed; `otherwise` where there is no better one.
std::string TroubleText(const v1::TlsDetails& details, const std::string& otherwise);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_TLS_HEARD_H_
