// The policy, asked about a destination that somebody else will resolve, a SOCKS proxy say. Thread-safe (no state).
#ifndef PARALLAX_AGENT_POLICY_NAMED_DESTINATION_H_
#define PARALLAX_AGENT_POLICY_NAMED_DESTINATION_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "agent/policy/policy.h"

namespace parallax::policy {

// As Policy::CheckAddress() for an address in any spelling that inet_aton(3) knows (2852039166, 0xa9.0xfe.0xa9fe), and
// for a name that a cloud gives to such a service. OK for other names: what they lead to is known at the far side
// alone.
absl::Status CheckNamed(const Policy& policy, std::string_view name, uint16_t port);

}  // namespace parallax::policy

#endif  // PARALLAX_AGENT_POLICY_NAMED_DESTINATION_H_
