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

#include "absl/status/statusor.h"
#include "agent/policy/credential_helper.h"
#include "parallax/v1/session.pb.h"

namespace parallax::policy {

struct Secret {
  std::string value;   // never log, store or print it
  std::string origin;  // for people: "environment of the agent", "sent by the controller"
};

class Secrets {
 public:
  Secrets() = default;
  // `sent` are the values that came with the assignment. `allow_files_and_commands`: file: and exec: references work
  // (stdio agents, which have their starter's rights anyway).
  Secrets(const v1::Assignment& assignment, bool allow_files_and_commands);

  // Resolves "env:NAME" (the agent's own environment first, then a value that was sent), "file:PATH", "exec:COMMAND",
  // "controller:NAME". NotFound names the reference and what to set; the message never holds a value. Blocks no longer
  // than `patience`, also while another thread asks for the same: Cancelled or DeadlineExceeded then.
  absl::StatusOr<Secret> Resolve(std::string_view ref, const Patience& patience = {}) const;

 private:
  class Asked;

  absl::StatusOr<Secret> FromHost(std::string_view ref, const Patience& patience) const;

  std::map<std::string, std::string, std::less<>> sent_;
  bool allow_files_and_commands_ = false;
  std::shared_ptr<Asked> asked_;  // what files and commands gave so far; shared by copies
};

}  // namespace parallax::policy

#endif  // PARALLAX_AGENT_POLICY_SECRETS_H_
