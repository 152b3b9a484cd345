#include "agent/policy/policy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/policy/embedded_ipv4.h"
#include "contract/limits.h"

namespace parallax::policy {
namespace {

// Instance metadata and credential services, as the clouds' own manuals name them. Whoever reaches one through us has
// this host's cloud identity.
struct Metadata {
  std::string_view address;
  uint16_t but = 0;  // a port of it that hands out nothing, and that hosts need; 0 none
};
constexpr Metadata kMetadata[] = {
    {"169.254.169.254"},     // AWS, GCP, Azure, and most others
    {"169.254.169.252"},     // GKE's own, which pods are led to
    {"169.254.170.2"},       // AWS ECS task credentials
    {"169.254.170.23"},      // AWS EKS pod identity
    {"169.254.0.23"},        // Tencent
    {"169.254.42.42"},       // Scaleway
    {"100.100.100.200"},     // Alibaba
    {"192.0.0.192"},         // Oracle's classic compute
    {"168.63.129.16", 53},   // Azure's host agent; the same address is the resolver of every Azure host
    {"fd00:ec2::254"},       // AWS over IPv6
    {"fd00:ec2::23"},        // AWS EKS pod identity over IPv6
    {"fd20:ce::254"},        // GCP over IPv6
    {"fd00:c1::a9fe:a9fe"},  // Oracle over IPv6
    {"fe80::a9fe:a9fe"},     // OpenStack over IPv6
    {"fd00:a9fe:a9fe::1"},   // Linode over IPv6
    {"fd00:42::42"},         // Scaleway over IPv6
};

struct Parsed {
  Ipv6Bytes bytes{};
  std::vector<uint32_t> v4;  // the address itself, or those that it may lead to
};

bool Parse(std::string text, Parsed* out) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  text = text.substr(0, text.find('%'));  // a zone does not change whom we dial
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    out->v4 = {ntohl(v4.s_addr)};
    return true;
  }
  if (inet_pton(AF_INET6, text.c_str(), out->bytes.data()) != 1) return false;
  out->v4 = EmbeddedIpv4(out->bytes);
  return true;
}

// `refused` is one of ours: an IPv4 address, or an IPv6 one that means itself alone.
bool LeadsTo(const Parsed& asked, std::string_view refused) {
  in_addr v4{};
  const std::string text(refused);
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    return std::find(asked.v4.begin(), asked.v4.end(), ntohl(v4.s_addr)) != asked.v4.end();
  }
  Ipv6Bytes v6{};
  return inet_pton(AF_INET6, text.c_str(), v6.data()) == 1 && v6 == asked.bytes;
}

}  // namespace

absl::Status Policy::CheckAddress(std::string_view address, uint16_t port) const {
  Parsed asked;
  if (!Parse(std::string(address), &asked)) {
    return absl::InvalidArgumentError(absl::StrCat("'", contract::Printable(address, 80), "' is not an IP address"));
  }
  for (const Metadata& metadata : kMetadata) {
    if (!LeadsTo(asked, metadata.address) || (metadata.but != 0 && port == metadata.but)) continue;
    return absl::PermissionDeniedError(
        absl::StrCat("this agent does not dial ", contract::Printable(address, 80), " port ", port,
                     ": it is a metadata service, which hands out this host's credentials"));
  }
  return absl::OkStatus();
}

}  // namespace parallax::policy
