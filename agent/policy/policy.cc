#include "agent/policy/policy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::policy {
namespace {

using Bytes16 = std::array<unsigned char, 16>;

// Instance metadata and credential services. Whoever reaches one through us has this host's cloud identity.
constexpr std::string_view kMetadata[] = {
    "169.254.169.254",  // AWS, GCP, Azure, and most others
    "169.254.170.2",    // AWS ECS task credentials
    "169.254.170.23",   // AWS EKS pod identity
    "100.100.100.200",  // Alibaba
    "fd00:ec2::254",    // AWS over IPv6
    "fd00:ec2::23",     // AWS EKS pod identity over IPv6
    "fd20:ce::254",     // GCP over IPv6
};

// Every address as IPv6, IPv4 as its mapped form (RFC 4291 section 2.5.5.2), so that one comparison serves all.
bool Parse(std::string text, Bytes16* out) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  text = text.substr(0, text.find('%'));  // a zone does not change whom we dial
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    *out = Bytes16{};
    (*out)[10] = (*out)[11] = 0xFF;
    std::memcpy(out->data() + 12, &v4, 4);
    return true;
  }
  return inet_pton(AF_INET6, text.c_str(), out->data()) == 1;
}

// IPv6 addresses that lead to an IPv4 one: ::a.b.c.d (deprecated, RFC 4291 section 2.5.5.1), NAT64's well-known prefix
// 64:ff9b::/96 (RFC 6052 section 2.1).
Bytes16 Unwrap(const Bytes16& address) {
  constexpr unsigned char kNat64[12] = {0x00, 0x64, 0xFF, 0x9B};
  constexpr unsigned char kCompatible[12] = {};
  const bool wraps = std::memcmp(address.data(), kNat64, 12) == 0 || std::memcmp(address.data(), kCompatible, 12) == 0;
  if (!wraps) return address;
  Bytes16 mapped{};
  mapped[10] = mapped[11] = 0xFF;
  std::copy(address.begin() + 12, address.end(), mapped.begin() + 12);
  return mapped;
}

}  // namespace

absl::Status Policy::CheckAddress(std::string_view address, uint16_t port) const {
  Bytes16 asked;
  if (!Parse(std::string(address), &asked)) {
    return absl::InvalidArgumentError(absl::StrCat("'", contract::Printable(address, 80), "' is not an IP address"));
  }
  for (std::string_view metadata : kMetadata) {
    Bytes16 refused;
    if (Parse(std::string(metadata), &refused) && Unwrap(asked) == refused) {
      return absl::PermissionDeniedError(
          absl::StrCat("this agent does not dial ", contract::Printable(address, 80), " port ", port,
                       ": it is a metadata service, which hands out this host's credentials"));
    }
  }
  return absl::OkStatus();
}

}  // namespace parallax::policy
