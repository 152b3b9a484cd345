// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS as PostgreSQL speaks them (RFC 5802, RFC 7677, manual section 55.3), and the
// hashes that logins need. Pure; no I/O. One ScramClient a login; holds the password as long as it lives.
#ifndef PARALLAX_AGENT_PROBES_POSTGRES_SCRAM_H_
#define PARALLAX_AGENT_PROBES_POSTGRES_SCRAM_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace parallax::probes::postgres {

inline constexpr std::string_view kScram = "SCRAM-SHA-256";
inline constexpr std::string_view kScramPlus = "SCRAM-SHA-256-PLUS";

enum class ChannelBinding {
  kNone,        // "n": this client does not support it
  kNotOffered,  // "y": it does, and believes that the server does not (a downgrade is then noticed by the server)
  kEndPoint,    // "p=tls-server-end-point"
};

class ScramClient {
 public:
  // `end_point` is the hash of the server's certificate, for kEndPoint. `nonce` is printable, without commas; "" draws
  // 18 random bytes. `user` is part of the proof only: PostgreSQL takes the user from the startup message, and clients
  // send none here.
  ScramClient(std::string password, ChannelBinding binding, std::string end_point, std::string nonce = "",
              std::string user = "");

  std::string ClientFirst() const;
  // From the server's first message to our proof. InvalidArgument when it is not one, does not begin with our nonce, or
  // asks for more than kMaxIterations: a hostile server must not cost minutes of CPU. The password is used as it
  // stands, without SASLprep (RFC 4013): that changes nothing in ASCII, and may change what is beyond.
  absl::StatusOr<std::string> ClientFinal(std::string_view server_first);
  // OK when the server knows the password too; PermissionDenied when its signature is another's.
  absl::Status VerifyServerFinal(std::string_view server_final) const;

  static constexpr int kMaxIterations = 1'000'000;

 private:
  const std::string password_;
  const std::string gs2_header_;
  const std::string end_point_;
  const std::string nonce_;
  const std::string user_;
  std::string server_signature_;
};

// RFC 5802's Hi(), which is PBKDF2 with HMAC-SHA-256 and one block (RFC 8018 section 5.2): 32 bytes. `iterations` is at
// least 1.
std::string SaltedPassword(std::string_view password, std::string_view salt, int iterations);

// Lower-case hex.
std::string Md5Hex(std::string_view bytes);

}  // namespace parallax::probes::postgres

#endif  // PARALLAX_AGENT_PROBES_POSTGRES_SCRAM_H_
