#include "agent/policy/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/policy/credential_helper.h"
#include "contract/limits.h"

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
  // O_NONBLOCK: a FIFO must not hang us; only regular files are read.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  const std::string shown = contract::Printable(path, 200);
  if (fd < 0) {
    return absl::NotFoundError(absl::StrCat("secret file '", shown, "' on the agent's host: ", strerror(errno)));
  }
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    close(fd);
    return absl::InvalidArgumentError(absl::StrCat("secret file '", shown, "' is not a regular file"));
  }
  std::string text(kMaxSecretBytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  close(fd);
  if (size > kMaxSecretBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("secret file '", shown, "' is larger than ", kMaxSecretBytes, " bytes"));
  }
  text.resize(size);
  return WithoutTrailingNewline(std::move(text));
}

}  // namespace

Secrets::Secrets(const v1::Assignment& assignment, bool allow_files_and_commands)
    : allow_files_and_commands_(allow_files_and_commands) {
  for (const v1::SecretValue& secret : assignment.secrets()) sent_[secret.ref()] = secret.value();
}

absl::StatusOr<Secret> Secrets::Resolve(std::string_view ref) const {
  const auto sent = sent_.find(ref);
  if (ref.starts_with("env:")) {
    const std::string name(ref.substr(4));
    // An empty variable is how people unset one; libpq treats PGPASSWORD="" as no password, too.
    const char* value = name.empty() ? nullptr : std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') return Secret{value, "environment of the agent"};
    if (sent != sent_.end()) return Secret{sent->second, "sent by the controller"};
    return absl::NotFoundError(absl::StrCat("secret ", Shown(ref), ": set ", contract::Printable(name, 80),
                                            " in the agent's environment or in the controller's"));
  }
  if (ref.starts_with("controller:")) {
    if (sent != sent_.end()) return Secret{sent->second, "sent by the controller"};
    return absl::NotFoundError(
        absl::StrCat("secret ", Shown(ref), ": the controller did not send it; give it where parallax is run"));
  }
  if (ref.starts_with("file:") || ref.starts_with("exec:")) {
    if (!allow_files_and_commands_) {
      return absl::PermissionDeniedError(
          absl::StrCat("secret ", Shown(ref),
                       ": this agent reads no files and runs no commands for others; use env: or controller:"));
    }
    const bool is_file = ref.starts_with("file:");
    auto value = is_file ? ReadSecretFile(std::string(ref.substr(5))) : RunCredentialHelper(ref.substr(5));
    if (!value.ok()) return value.status();
    if (value->empty()) {
      return absl::NotFoundError(absl::StrCat("secret ", Shown(ref), " is empty on the agent's host"));
    }
    return Secret{*std::move(value),
                  is_file ? "a file on the agent's host" : "a credential helper on the agent's host"};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("secret reference ", Shown(ref), ": use env:NAME, file:PATH, exec:COMMAND or controller:NAME"));
}

}  // namespace parallax::policy
