// Runs a credential helper (`exec:COMMAND`) and takes what it prints as the secret. Thread-safe.
#ifndef PARALLAX_AGENT_POLICY_CREDENTIAL_HELPER_H_
#define PARALLAX_AGENT_POLICY_CREDENTIAL_HELPER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace parallax::policy {

inline constexpr size_t kMaxSecretBytes = 64 * 1024;
inline constexpr int64_t kHelperTimeoutMs = 10'000;

// How long somebody waits for a secret. The default waits as long as a helper may take at all.
struct Patience {
  int64_t timeout_ms = kHelperTimeoutMs;  // of which at most kHelperTimeoutMs are used
  // Whether it is given up, and a descriptor that is readable then; -1: `cancelled` is asked every 50 ms. Null: never.
  std::function<bool()> cancelled;
  int cancel_fd = -1;
};

// What the command writes to its stdout, without one trailing newline. No shell; stdin and stderr are /dev/null,
// because helpers have been seen to print secrets on stderr. Blocks no longer than `patience`; past it, or when it
// prints more than kMaxSecretBytes, its process group is killed. Errors name the command's first word and never what it
// printed: Cancelled and DeadlineExceeded say that it is not the command's fault alone.
absl::StatusOr<std::string> RunCredentialHelper(std::string_view command, const Patience& patience = {});

// Cuts one "\n" or "\r\n" from the end.
std::string WithoutTrailingNewline(std::string text);

}  // namespace parallax::policy

#endif  // PARALLAX_AGENT_POLICY_CREDENTIAL_HELPER_H_
