#include "agent/policy/secrets.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/policy/credential_helper.h"
#include "contract/limits.h"
#include "contract/mutex.h"
#include "contract/names.h"
#include "contract/regular_file.h"

namespace parallax::policy {
namespace {

// `ref` is echoed in errors: "env:PGPASSWORD" is a name, never a value. Of exec: only the scheme, because people put
// passwords into command lines.
std::string Shown(std::string_view ref) {
  if (ref.starts_with("exec:")) return "exec:...";
  if (ref.find(':') == std::string_view::npos) return "without a scheme";
  return contract::Printable(ref, 200);
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path) {
  auto text = contract::ReadRegularFile(path, kMaxSecretBytes);
  if (text.ok()) return WithoutTrailingNewline(*std::move(text));
  return absl::Status(text.status().code(),
                      absl::StrCat("secret file '", contract::Printable(path, 200),
                                   "' on the agent's host: ", std::string(text.status().message())));
}

}  // namespace

// Each reference is asked for by one thread, while the others that want it wait.
class Secrets::Asked {
 public:
  absl::StatusOr<Secret> Get(std::string_view ref, const Patience& patience,
                             const std::function<absl::StatusOr<Secret>()>& ask) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience.timeout_ms);
    if (auto known = KnownOrOurs(ref, patience, deadline)) return *std::move(known);
    auto asked = ask();
    // Who gave up early says nothing about what another may get; a helper that used all of its time does.
    const bool gave_up = absl::IsCancelled(asked.status()) ||
                         (absl::IsDeadlineExceeded(asked.status()) && patience.timeout_ms < kHelperTimeoutMs);
    const contract::MutexLock lock(mutex_);
    Answer& answer = answers_[std::string(ref)];
    answer.being_asked = false;
    if (!gave_up) answer.known = asked;
    changed_.WakeAll();
    return asked;
  }

 private:
  struct Answer {
    bool being_asked = false;
    std::optional<absl::StatusOr<Secret>> known;
  };

  // What is known already, or why the wait for another thread's answer has ended. Nothing: the caller has to ask, and
  // the others wait for it.
  std::optional<absl::StatusOr<Secret>> KnownOrOurs(std::string_view ref, const Patience& patience,
                                                    std::chrono::steady_clock::time_point deadline) {
    const contract::MutexLock lock(mutex_);
    Answer& answer = answers_[std::string(ref)];  // stays where it is: a node of a map
    while (answer.being_asked) {
      if (patience.cancelled && patience.cancelled()) {
        return absl::CancelledError(absl::StrCat("secret ", Shown(ref), ": cancelled while it was asked for"));
      }
      if (std::chrono::steady_clock::now() >= deadline) {
        return absl::DeadlineExceededError(absl::StrCat("secret ", Shown(ref), ": did not come within ",
                                                        patience.timeout_ms, " ms: see why on the agent's host"));
      }
      // A token wakes nobody here: look at it now and then.
      changed_.WaitUntil(mutex_, std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(20)));
    }
    answer.being_asked = !answer.known.has_value();
    return answer.known;
  }

  contract::Mutex mutex_;
  contract::Condition changed_;
  std::map<std::string, Answer, std::less<>> answers_ ABSL_GUARDED_BY(mutex_);
};

Secrets::Secrets(const v1::Assignment& assignment, AllowedSecrets own)
    : own_(std::move(own)), asked_(std::make_shared<Asked>()) {
  for (const v1::SecretValue& secret : assignment.secrets()) {
    if (secret.ref().starts_with(kOnlyTo)) {
      sent_[secret.ref().substr(kOnlyTo.size())].only_to.push_back(secret.value());
    } else {
      sent_[secret.ref()].value = secret.value();
    }
  }
}

absl::StatusOr<Secret> Secrets::Resolve(std::string_view ref, const Patience& patience) const {
  const std::vector<std::string>* targets = own_.TargetsOf(ref);
  const auto found = sent_.find(ref);
  const auto sent = [&] {
    return Secret{found->second.value, std::string(contract::kSentByController), found->second.only_to};
  };
  if (ref.starts_with("controller:")) {
    if (found != sent_.end()) return sent();
    return absl::NotFoundError(
        absl::StrCat("secret ", Shown(ref), ": the controller did not send it; give it where parallax is run"));
  }
  const bool is_env = ref.starts_with("env:");
  const bool is_file = ref.starts_with("file:");
  if (!is_env && !is_file && !ref.starts_with("exec:")) {
    return absl::InvalidArgumentError(
        absl::StrCat("secret reference ", Shown(ref), ": use env:NAME, file:PATH, exec:COMMAND or controller:NAME"));
  }
  if (targets == nullptr) {
    if (is_env && found != sent_.end()) return sent();
    // The same words whether it is there or not: what this agent's environment and disk hold is nobody's business.
    return absl::PermissionDeniedError(absl::StrCat(
        "secret ", Shown(ref), ": this agent does not give it to controllers. Start it with --allow-secret ",
        is_env ? Shown(ref) : absl::StrCat(is_file ? "file:PATH" : "exec:COMMAND", ", exactly as asked"),
        ", or set the value where parallax is run, with ",
        is_env ? "the same variable there" : "--password-from controller:NAME"));
  }
  if (is_env) {
    const std::string name(ref.substr(4));
    // An empty variable is how people unset one; libpq treats PGPASSWORD="" as no password, too.
    const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') return Secret{value, "environment of the agent", *targets};
    if (found != sent_.end()) return sent();
    return absl::NotFoundError(absl::StrCat("secret ", Shown(ref), ": set ", contract::Printable(name, 80),
                                            " in the agent's environment or in the controller's"));
  }
  auto secret = asked_->Get(ref, patience, [&] { return FromHost(ref, patience); });
  if (secret.ok()) secret->only_to = *targets;
  return secret;
}

absl::StatusOr<Secret> Secrets::FromHost(std::string_view ref, const Patience& patience) const {
  const bool is_file = ref.starts_with("file:");
  auto value = is_file ? ReadSecretFile(std::string(ref.substr(5))) : RunCredentialHelper(ref.substr(5), patience);
  if (!value.ok()) return value.status();
  if (value->empty()) {
    return absl::NotFoundError(absl::StrCat("secret ", Shown(ref), " is empty on the agent's host"));
  }
  return Secret{
      *std::move(value), is_file ? "a file on the agent's host" : "a credential helper on the agent's host", {}};
}

}  // namespace parallax::policy
