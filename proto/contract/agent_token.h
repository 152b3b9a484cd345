// The token that a caller of a listening agent shows: where it comes from, what it must look like, and the comparison.
// For both programs. Thread-safe, but for TakeToken of an env: reference, which changes the environment.
#ifndef PARALLAX_CONTRACT_AGENT_TOKEN_H_
#define PARALLAX_CONTRACT_AGENT_TOKEN_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace parallax::contract {

inline constexpr size_t kMinTokenBytes = 32;
inline constexpr size_t kMaxTokenBytes = 512;
// gRPC metadata of a call (RFC 6750 section 2.1). Names are in lower case there.
inline constexpr char kTokenMetadata[] = "authorization";
inline constexpr char kBearer[] = "Bearer ";
// A call that says so is a health check, and takes a place that is kept for those.
inline constexpr char kCheckMetadata[] = "parallax-check";

// InvalidArgument, saying how to make one, for what is too short, too long, or not printable ASCII without blanks. The
// token is never in a message.
absl::Status CheckToken(std::string_view token);

// Reads a regular file that its user alone can read: owned by this process's user or root, with no mode for group and
// others. Never blocks; reads at most a little more than kMaxTokenBytes. One newline at the end is not the token's.
// NotFound, PermissionDenied and InvalidArgument name the file and what to do.
absl::StatusOr<std::string> ReadTokenFile(const std::string& path);

// "env:NAME" or "file:PATH". A variable is wiped and removed, so that neither /proc/PID/environ nor a child shows it.
absl::StatusOr<std::string> TakeToken(std::string_view ref);

// In a time that says nothing of where they differ, nor of the length of `token`.
bool SameToken(std::string_view token, std::string_view shown);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_AGENT_TOKEN_H_
