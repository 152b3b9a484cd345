#include "contract/tunnel_kinds.h"

namespace parallax::contract {
namespace {

struct Kind {
  v1::LinkKind kind;
  bool in_kernel;
  bool frames;  // Ethernet inside: it has neighbours
};
constexpr Kind kKinds[] = {
    {v1::LINK_KIND_TUN, false, false},      {v1::LINK_KIND_TAP, false, true},    {v1::LINK_KIND_WIREGUARD, true, false},
    {v1::LINK_KIND_AMNEZIAWG, true, false}, {v1::LINK_KIND_OVPN, true, false},   {v1::LINK_KIND_PPP, true, false},
    {v1::LINK_KIND_IPIP, true, false},      {v1::LINK_KIND_IP6TNL, true, false}, {v1::LINK_KIND_SIT, true, false},
    {v1::LINK_KIND_GRE, true, false},       {v1::LINK_KIND_GRETAP, true, true},  {v1::LINK_KIND_IP6GRE, true, false},
    {v1::LINK_KIND_IP6GRETAP, true, true},  {v1::LINK_KIND_ERSPAN, true, true},  {v1::LINK_KIND_IP6ERSPAN, true, true},
    {v1::LINK_KIND_VTI, true, false},       {v1::LINK_KIND_VTI6, true, false},   {v1::LINK_KIND_XFRM, true, false},
};

const Kind* Find(v1::LinkKind kind) {
  for (const Kind& known : kKinds) {
    if (known.kind == kind) return &known;
  }
  return nullptr;
}

}  // namespace

bool IsTunnelKind(v1::LinkKind kind) { return Find(kind) != nullptr; }

bool IsKernelTunnelKind(v1::LinkKind kind) {
  const Kind* found = Find(kind);
  return found != nullptr && found->in_kernel;
}

bool IsTunnelWithoutNeighbours(v1::LinkKind kind) {
  const Kind* found = Find(kind);
  return found != nullptr && !found->frames;
}

}  // namespace parallax::contract
