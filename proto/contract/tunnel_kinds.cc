#include "contract/tunnel_kinds.h"

namespace parallax::contract {
namespace {

struct Kind {
  std::string_view name;
  bool in_kernel;
  bool frames;  // Ethernet inside: it has neighbours
};
// The kernel calls a TAP "tun" too; "tap" is what other systems and older records say.
constexpr Kind kKinds[] = {
    {"tun", false, false},     {"tap", false, true},   {"wireguard", true, false}, {"amneziawg", true, false},
    {"ovpn", true, false},     {"ppp", true, false},   {"ipip", true, false},      {"ip6tnl", true, false},
    {"sit", true, false},      {"gre", true, false},   {"gretap", true, true},     {"ip6gre", true, false},
    {"ip6gretap", true, true}, {"erspan", true, true}, {"ip6erspan", true, true},  {"vti", true, false},
    {"vti6", true, false},     {"xfrm", true, false},
};

const Kind* Find(std::string_view name) {
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace

bool IsTunnelKind(std::string_view kind) { return Find(kind) != nullptr; }

bool IsKernelTunnelKind(std::string_view kind) {
  const Kind* found = Find(kind);
  return found != nullptr && found->in_kernel;
}

bool IsTunnelWithoutNeighbours(std::string_view kind) {
  const Kind* found = Find(kind);
  return found != nullptr && !found->frames;
}

}  // namespace parallax::contract
