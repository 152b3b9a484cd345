// Which secret references an agent resolves out of its own environment, files and helpers, and to whom their values may
// go. What `--allow-secret` says. Immutable once it is built, and then safe to read from many threads.
#ifndef PARALLAX_AGENT_POLICY_ALLOWED_SECRETS_H_
#define PARALLAX_AGENT_POLICY_ALLOWED_SECRETS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace parallax::policy {

// A place that a secret may go to: "HOST", "HOST:PORT", "[V6]:PORT"; HOST is a name, an address, a CIDR or "*".
struct SecretTarget {
  std::string host;
  uint16_t port = 0;  // 0: any
};

// InvalidArgument, saying how to write it, for what is none.
absl::StatusOr<SecretTarget> ParseSecretTarget(std::string_view text);

// Whether `address` (numeric) and `port`, which are about to be dialled, are that target. A name covers the addresses
// that `resolve` gives for it, on this host and now: what a plan calls an address is no proof of whose it is.
bool Covers(const SecretTarget& target, std::string_view address, uint16_t port,
            const std::function<std::vector<std::string>(const std::string& name)>& resolve);

class AllowedSecrets {
 public:
  AllowedSecrets() = default;          // none: only what the controller sends
  static AllowedSecrets Everything();  // a stdio agent's: it has its starter's rights anyway

  // "env:NAME", "file:PATH" or "exec:COMMAND", word for word as plans name it, then "@TARGET" to narrow it. The last @
  // parts the two; a reference with an @ of its own ends in "@*". Several narrowings of one reference add up; one
  // without any opens it to every target. InvalidArgument says what is wrong; the text of a command is never in it.
  absl::Status Add(std::string_view flag);

  // Null: not allowed. Empty: to every target.
  const std::vector<std::string>* TargetsOf(std::string_view ref) const;

 private:
  bool everything_ = false;
  std::map<std::string, std::vector<std::string>, std::less<>> targets_;  // by reference; the texts of SecretTargets
};

}  // namespace parallax::policy

#endif  // PARALLAX_AGENT_POLICY_ALLOWED_SECRETS_H_
