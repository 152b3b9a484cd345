// A TLS client over any ByteStream, which records what the server showed whatever verification says about it.
//
// OpenSSL works on memory here, so that every byte passes through the stream's diary and deadlines. Not thread-safe;
// the stream is borrowed and outlives the session.
#ifndef PARALLAX_AGENT_NET_TLS_H_
#define PARALLAX_AGENT_NET_TLS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/net/byte_stream.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::net {

// Larger than any one packet of an Ethernet path, smaller than two TCP windows of ten segments.
inline constexpr size_t kPaddedHelloBytes = 4096;

struct TlsOptions {
  std::string name;               // checked against the certificate (RFC 6125), and SNI unless it is an address
  std::vector<std::string> alpn;  // RFC 7301; empty: not offered
  size_t pad_client_hello = 0;    // bytes of an extension that servers must ignore (RFC 8701)
  std::string root_cert;          // PEM file of trusted roots; "": the system's store
  bool send_sni = true;
  std::string min_version;  // TLSv1, TLSv1.1, TLSv1.2, TLSv1.3; "" OpenSSL's own
  std::string max_version;
  int64_t now_unix = 0;  // the agent's clock, recorded beside the dates
};

class TlsSession final : public ByteStream {
 public:
  TlsSession(ByteStream& transport, TlsOptions options);
  ~TlsSession() override;

  // Handshakes and fills `*details`. NONE also when the certificate does not verify: that is for the caller to weigh,
  // with details->verify_error. TLS_ALERT or TLS_PROTOCOL, with details->trouble, or the transport's own failure;
  // LOCAL_RESOURCE when the root certificates cannot be read.
  IoResult Handshake(v1::TlsDetails* details, int64_t deadline_ns);

  IoResult Write(std::string_view bytes, int64_t deadline_ns) override;
  IoResult Read(std::string* to, size_t max, int64_t deadline_ns) override;

  // The channel binding "tls-server-end-point" (RFC 5929 section 4.1); "" before the handshake, or where the
  // certificate's signature has no single hash.
  std::string ServerEndPoint() const;

 private:
  struct Impl;
  IoResult Flush(int64_t deadline_ns);
  IoResult Feed(int64_t deadline_ns);

  ByteStream& transport_;
  const TlsOptions options_;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_TLS_H_
