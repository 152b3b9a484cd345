#include "agent/policy/credential_helper.h"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/net/child_process.h"
#include "agent/net/clock.h"
#include "contract/limits.h"
#include "contract/shell_words.h"

namespace parallax::policy {

std::string WithoutTrailingNewline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

absl::StatusOr<std::string> RunCredentialHelper(std::string_view command, const Patience& patience) {
  auto words = contract::SplitShellWords(command);
  if (!words.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the credential helper's command: ", words.status().message()));
  }
  const std::string name = contract::Printable((*words)[0], 80);
  net::ChildOptions options;
  options.argv = *words;
  net::ChildProcess child;
  if (const int error = child.Start(options); error != 0) {
    if (error == EMFILE || error == ENFILE) {
      return absl::ResourceExhaustedError(
          absl::StrCat("credential helper '", name, "': no pipe: ", std::strerror(error)));
    }
    return absl::NotFoundError(absl::StrCat("credential helper '", name, "' cannot be started on the agent's host: ",
                                            std::strerror(error), ": install it there, or write its full path"));
  }
  const int64_t timeout_ms = std::clamp<int64_t>(patience.timeout_ms, 0, kHelperTimeoutMs);
  const net::WaitLimit limit = {net::SystemClock().MonotonicNs() + timeout_ms * net::kMs, patience.cancelled,
                                patience.cancel_fd};
  std::string text;
  switch (child.Collect(kMaxSecretBytes, limit, &text)) {
    case net::ChildProcess::Outcome::kEnded: break;
    case net::ChildProcess::Outcome::kTooMuch:
      return absl::InvalidArgumentError(
          absl::StrCat("credential helper '", name, "' printed more than ", kMaxSecretBytes, " bytes"));
    case net::ChildProcess::Outcome::kCancelled:
      return absl::CancelledError(
          absl::StrCat("credential helper '", name, "' was ended: nobody waits for it any more"));
    case net::ChildProcess::Outcome::kLate:
      return absl::DeadlineExceededError(absl::StrCat("credential helper '", name, "' did not end within ", timeout_ms,
                                                      " ms: run it by hand on the agent's host"));
  }
  const int status = child.status();
  if (WIFSIGNALED(status)) {
    return absl::NotFoundError(absl::StrCat("credential helper '", name, "' died of signal ", WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    return absl::NotFoundError(absl::StrCat("credential helper '", name, "' ended with exit code ", WEXITSTATUS(status),
                                            ": run it by hand on the agent's host"));
  }
  return WithoutTrailingNewline(std::move(text));
}

}  // namespace parallax::policy
