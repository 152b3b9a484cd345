#include "contract/tunnel_kinds.h"

#include <gtest/gtest.h>

#include "contract/names.h"

namespace parallax::contract {
namespace {

TEST(TunnelKinds, AreOneListForAgentAndController) {
  for (const char* kind : {"wireguard", "amneziawg", "ovpn", "ip6tnl", "sit", "gretap", "ppp", "vti", "xfrm", "gre"}) {
    EXPECT_TRUE(IsTunnelKind(LinkKindFromName(kind))) << kind;
    EXPECT_TRUE(IsKernelTunnelKind(LinkKindFromName(kind))) << kind;
  }
  EXPECT_TRUE(IsTunnelKind(v1::LINK_KIND_TUN));
  EXPECT_FALSE(IsKernelTunnelKind(v1::LINK_KIND_TUN)) << "a process holds it";
  for (const char* kind : {"ethernet", "loopback", "bridge", "veth", "wlan", "vlan", "bond", "none", ""}) {
    EXPECT_FALSE(IsTunnelKind(LinkKindFromName(kind))) << kind;
    EXPECT_FALSE(IsKernelTunnelKind(LinkKindFromName(kind))) << kind;
  }
}

TEST(TunnelKinds, ThatCarryFramesHaveNeighbours) {
  for (const char* kind : {"tun", "wireguard", "ipip", "ovpn"})
    EXPECT_TRUE(IsTunnelWithoutNeighbours(LinkKindFromName(kind))) << kind;
  for (const char* kind : {"gretap", "tap", "ethernet"})
    EXPECT_FALSE(IsTunnelWithoutNeighbours(LinkKindFromName(kind))) << kind;
}

}  // namespace
}  // namespace parallax::contract
