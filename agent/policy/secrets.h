// Where a probe gets the value behind a secret reference. Values live only in the Secrets of one assignment.
//
// Thread-safe. What a file or a command gave is asked for once an assignment: all its probes use the same value, and a
// helper that asks a vault, or a person's phone, is started once.
#ifndef PARALLAX_AGENT_POLICY_SECRETS_H_
#define PARALLAX_AGENT_POLICY_SECRETS_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/policy/allowed_secrets.h"
#include "agent/policy/credential_helper.h"
#include "parallax/v1/session.pb.h"

namespace parallax::policy {

inline constexpr std::string_view kOnlyTo = "only-to:";

struct Secret {
  std::string value;                 // never log, store or print it
  std::string origin;                // for people: "environment of the agent", "sent by the controller"
  std::vector<std::string> only_to;  // SecretTargets that it may go to; empty: to any
};

class Secrets {
 public:
  Secrets() = default;
  // Values come with the assignment, or are this agent's `own`, as far as these are allowed. A value that is sent for
  // "only-to:REF" is a SecretTarget, to which that of REF may go: so an agent narrows what it hands to its client
  // process.
  Secrets(const v1::Assignment& assignment, AllowedSecrets own);

  // Resolves "env:NAME" (the agent's own environment first, where that is allowed, then a value that was sent),
  // "file:PATH", "exec:COMMAND", "controller:NAME". PermissionDenied for a reference that is not allowed, naming the
  // flag; NotFound names the reference and what to set. The message never holds a value. Blocks no longer than
  // `patience`, also while another thread asks for the same: Cancelled or DeadlineExceeded then.
  absl::StatusOr<Secret> Resolve(std::string_view ref, const Patience& patience = {}) const;

 private:
  class Asked;
  struct Sent {
    std::string value;
    std::vector<std::string> only_to;
  };

  absl::StatusOr<Secret> FromHost(std::string_view ref, const Patience& patience) const;

  std::map<std::string, Sent, std::less<>> sent_;
  AllowedSecrets own_;
  std::shared_ptr<Asked> asked_;  // what files and commands gave so far; shared by copies
};

}  // namespace parallax::policy

#endif  // PARALLAX_AGENT_POLICY_SECRETS_H_
