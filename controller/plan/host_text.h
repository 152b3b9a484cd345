// Hosts as users write them. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_HOST_TEXT_H_
#define PARALLAX_CONTROLLER_PLAN_HOST_TEXT_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace parallax::plan {

// RFC 4291 section 2.2, without a zone.
bool IsIpv6(std::string_view text);

// InvalidArgument, and why, for what is neither a name nor an address: empty, too long, a byte that no name has, ':'
// outside of an IPv6 address, a zone. Shows the host only when `may_show`.
absl::Status CheckHost(const std::string& host, bool may_show = true);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_HOST_TEXT_H_
