// What this agent agrees to probe. Immutable; thread-safe.
#ifndef PARALLAX_AGENT_POLICY_POLICY_H_
#define PARALLAX_AGENT_POLICY_POLICY_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace parallax::policy {

class Policy {
 public:
  // PermissionDenied, saying why, for an address (IPv4 or IPv6 text, after name resolution) that this agent must not
  // dial: the metadata and credential services of the clouds (169.254.169.254, 169.254.170.2, fd00:ec2::254, ... and
  // their IPv4-mapped forms). Everything else is the starter's right.
  absl::Status CheckAddress(std::string_view address, uint16_t port) const;
};

}  // namespace parallax::policy

#endif  // PARALLAX_AGENT_POLICY_POLICY_H_
