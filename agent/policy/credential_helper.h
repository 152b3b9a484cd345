// Runs a credential helper (`exec:COMMAND`) and takes what it prints as the secret. Thread-safe.
#ifndef PARALLAX_AGENT_POLICY_CREDENTIAL_HELPER_H_
#define PARALLAX_AGENT_POLICY_CREDENTIAL_HELPER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace parallax::policy {

inline constexpr size_t kMaxSecretBytes = 64 * 1024;
inline constexpr int64_t kHelperTimeoutMs = 10'000;

// What the command writes to its stdout, without one trailing newline. No shell; stdin and stderr are /dev/null,
// because helpers have been seen to print secrets on stderr. Blocks at most `timeout_ms`; then, or when it prints more
// than kMaxSecretBytes, its process group is killed. Errors name the command's first word and never what it printed.
absl::StatusOr<std::string> RunCredentialHelper(std::string_view command, int64_t timeout_ms = kHelperTimeoutMs);

// Cuts one "\n" or "\r\n" from the end.
std::string WithoutTrailingNewline(std::string text);

}  // namespace parallax::policy

#endif  // PARALLAX_AGENT_POLICY_CREDENTIAL_HELPER_H_
