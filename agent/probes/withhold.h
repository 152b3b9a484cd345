// Whether a password may answer what a PostgreSQL server asks for: one decision for every client that speaks to one,
// the staged probe and the real client alike. Pure; thread-safe.
#ifndef PARALLAX_AGENT_PROBES_WITHHOLD_H_
#define PARALLAX_AGENT_PROBES_WITHHOLD_H_

#include <cstdint>
#include <string>

#include "parallax/v1/observation.pb.h"

namespace parallax::probes {

// PostgreSQL's protocol, section 55.7: the code of an AuthenticationRequest.
inline constexpr int32_t kAuthenticationOk = 0;
inline constexpr int32_t kAuthenticationCleartext = 3;
inline constexpr int32_t kAuthenticationMd5 = 5;
inline constexpr int32_t kAuthenticationSasl = 10;
inline constexpr int32_t kAuthenticationSaslContinue = 11;
inline constexpr int32_t kAuthenticationSaslFinal = 12;

// Why no password answers the request `code`; "" when it may. `tls` is what the handshake showed, null in plain text;
// `roots_named`: the user said which authorities count. SCRAM gives nothing away; what gives the password, or a hash
// that can be guessed at, goes by TLS alone, and never to a certificate that is known to be another's.
std::string WhyPasswordWithheld(int32_t code, const v1::TlsDetails* tls, bool roots_named);

// Whether a plan's ssl_root_cert names authorities of the user's own: "" and "system" mean the host's.
bool NamesRoots(const std::string& ssl_root_cert);

// Of the certificate alone: why it is known to be another's; "" when it is not.
std::string WhyKnownOther(const v1::TlsDetails& tls, bool roots_named);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_WITHHOLD_H_
