// The IPv4 addresses to which an IPv6 address may lead, by any of the ways in which one is written into the other.
// Pure; thread-safe.
#ifndef PARALLAX_AGENT_POLICY_EMBEDDED_IPV4_H_
#define PARALLAX_AGENT_POLICY_EMBEDDED_IPV4_H_

#include <array>
#include <cstdint>
#include <vector>

namespace parallax::policy {

using Ipv6Bytes = std::array<unsigned char, 16>;

// In host order. Some of them are no more than a possibility: which prefix a NAT64 translates is known to its network
// alone (RFC 6052 section 2.2), so every place where an IPv4 address could stand under it is read.
std::vector<uint32_t> EmbeddedIpv4(const Ipv6Bytes& address);

}  // namespace parallax::policy

#endif  // PARALLAX_AGENT_POLICY_EMBEDDED_IPV4_H_
