// The PostgreSQL frontend/backend protocol, version 3.0 ("Message Formats" of the PostgreSQL manual): bytes of the
// messages that we send, and a splitter of those that come. Pure; no I/O. One BackendReader a connection.
#ifndef PARALLAX_AGENT_PROBES_POSTGRES_MESSAGES_H_
#define PARALLAX_AGENT_PROBES_POSTGRES_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::probes::postgres {

// Longer than any message that a login or an identity query needs; a peer that announces more is not believed.
inline constexpr size_t kMaxMessageBytes = 256 * 1024;
// What a server has to say of an error may be longer: a view's whole text, say. As much as this is kept of it.
inline constexpr size_t kMaxErrorBytes = 64 * 1024;
// A length above this is no error either: four letters of another protocol are half a gigabyte.
inline constexpr size_t kMaxAnnouncedErrorBytes = 64 * 1024 * 1024;

// The version number in whose place an SSLRequest stands.
inline constexpr uint32_t kSslRequestCode = (1234 << 16) | 5679;

std::string SslRequest();
// `parameters` in order: "user", "database", ...
std::string StartupMessage(const std::vector<std::pair<std::string, std::string>>& parameters);
// 'p': an answer to a password or SASL request. The text is a secret.
std::string PasswordMessage(std::string_view text);
std::string SaslInitialResponse(std::string_view mechanism, std::string_view data);
std::string SaslResponse(std::string_view data);
std::string Query(std::string_view sql);
std::string Terminate();

// "md5" + md5(md5(password + user) + salt), manual section 55.2.
std::string Md5Answer(std::string_view user, std::string_view password, std::string_view salt);

struct BackendMessage {
  char type = 0;
  std::string body;  // without the length word
  bool cut = false;  // an error or a notice of which no more than kMaxErrorBytes are kept
};

// Splits a byte stream into messages.
class BackendReader {
 public:
  // Where new bytes are appended.
  std::string* buffer() { return &buffer_; }
  // The next whole message; nullopt: more bytes are needed. InvalidArgument when what came cannot be a message (a
  // length below 4 or above kMaxMessageBytes, a type that is no letter). Of an error or a notice that is longer the
  // beginning is returned as soon as it is there; the rest is dropped as it comes.
  absl::StatusOr<std::optional<BackendMessage>> Next();
  // At least one whole message came.
  bool began() const { return began_; }

 private:
  // Drops what is still to come of a message that was cut.
  void Skip();

  std::string buffer_;
  size_t skip_ = 0;
  bool began_ = false;
};

// 'R': the request's code and what follows it.
struct AuthenticationRequest {
  int32_t code = -1;  // 0 ok, 3 cleartext, 5 md5, 10 SASL, 11 SASL continue, 12 SASL final
  std::string data;
  std::vector<std::string> mechanisms;  // of code 10
};
absl::StatusOr<AuthenticationRequest> ParseAuthentication(std::string_view body);

// 'E' and 'N' bodies. Missing fields are empty; texts are printable and bounded. The last field of a body that was cut
// may have no end.
v1::ServerError ParseError(std::string_view body);

// 'S' ParameterStatus: name and value.
std::pair<std::string, std::string> ParseParameter(std::string_view body);

// 'D' DataRow: columns as text; NULL is "". InvalidArgument when lengths do not fit.
absl::StatusOr<std::vector<std::string>> ParseRow(std::string_view body);

// The body of 'K' BackendKeyData: the pid.
int32_t ParseBackendPid(std::string_view body);

}  // namespace parallax::probes::postgres

#endif  // PARALLAX_AGENT_PROBES_POSTGRES_MESSAGES_H_
