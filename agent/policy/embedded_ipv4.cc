#include "agent/policy/embedded_ipv4.h"

#include <algorithm>

namespace parallax::policy {
namespace {

constexpr size_t kReserved = 8;  // RFC 6052: bits 64 to 71 are no part of the address, and zero

// The address that begins at octet `at` and goes on behind the reserved octet; `*end` is the octet behind it.
uint32_t Around(const Ipv6Bytes& address, size_t at, size_t* end) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++at) {
    if (at == kReserved) continue;
    value = value << 8 | address[at];
    ++i;
  }
  *end = at;
  return value;
}

uint32_t At(const Ipv6Bytes& address, size_t at) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | address[i];
  return value;
}

bool StartsWith(const Ipv6Bytes& address, const std::vector<unsigned char>& prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

}  // namespace

std::vector<uint32_t> EmbeddedIpv4(const Ipv6Bytes& address) {
  // At the end: mapped (::ffff:a.b.c.d), compatible (::a.b.c.d), translated (::ffff:0:a.b.c.d), ISATAP (RFC 5214),
  // NAT64 with a prefix of 96 bits. Under whatever prefix: nobody numbers a host so by accident.
  std::vector<uint32_t> found = {At(address, 12)};
  if (StartsWith(address, {0x20, 0x02})) found.push_back(At(address, 2));  // 6to4, RFC 3056
  if (StartsWith(address, {0x20, 0x01, 0x00, 0x00})) {                     // Teredo, RFC 4380 section 4
    found.push_back(At(address, 4));
    found.push_back(~At(address, 12));
  }
  // NAT64 with prefixes of 32 to 64 bits. What follows the address is zero, and need not be under the prefix that is
  // for local use (RFC 8215).
  const bool local_use = StartsWith(address, {0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01});
  for (size_t bits = 32; bits <= 64; bits += 8) {
    size_t end = 0;
    const uint32_t value = Around(address, bits == 64 ? 9 : bits / 8, &end);
    const bool zeros = address[kReserved] == 0 && std::all_of(address.begin() + static_cast<std::ptrdiff_t>(end),
                                                              address.end(), [](unsigned char c) { return c == 0; });
    if (zeros || local_use) found.push_back(value);
  }
  return found;
}

}  // namespace parallax::policy
