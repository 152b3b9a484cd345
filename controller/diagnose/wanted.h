// The words by which a diagnosis asks for one more probe, and the planner understands it. Header only.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_WANTED_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_WANTED_H_

#include <string_view>

namespace parallax::diagnose {

inline constexpr std::string_view kListenThenHttp = "listen-then-http";
inline constexpr std::string_view kPaddedClientHello = "padded-client-hello";
inline constexpr std::string_view kMessageSize = "message-size";
inline constexpr std::string_view kSslModeMatrix = "sslmode-matrix";
inline constexpr std::string_view kTunnelAgain = "tunnel-again";

// What the answer would tell apart, for people.
constexpr std::string_view WhyWanted(std::string_view wanted) {
  if (wanted == kListenThenHttp)
    return "is it PostgreSQL at all, or a server of another kind that waits for its own words?";
  if (wanted == kPaddedClientHello) return "does a large ClientHello fare as the usual one does?";
  if (wanted == kMessageSize) return "is it the size of the message that does not pass, or what it is?";
  if (wanted == kSslModeMatrix) return "which sslmodes does the server take?";
  if (wanted == kTunnelAgain) return "is the tunnel still as it was before the target was probed?";
  return "";
}

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_WANTED_H_
