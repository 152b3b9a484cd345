#include "contract/tunnel_kinds.h"

#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

TEST(TunnelKinds, AreOneListForAgentAndController) {
  for (const char* kind : {"wireguard", "amneziawg", "ovpn", "ip6tnl", "sit", "gretap", "ppp", "vti", "xfrm", "gre"}) {
    EXPECT_TRUE(IsTunnelKind(kind)) << kind;
    EXPECT_TRUE(IsKernelTunnelKind(kind)) << kind;
  }
  EXPECT_TRUE(IsTunnelKind("tun"));
  EXPECT_FALSE(IsKernelTunnelKind("tun")) << "a process holds it";
  for (const char* kind : {"ethernet", "loopback", "bridge", "veth", "wlan", "vlan", "bond", "none", ""}) {
    EXPECT_FALSE(IsTunnelKind(kind)) << kind;
    EXPECT_FALSE(IsKernelTunnelKind(kind)) << kind;
  }
}

TEST(TunnelKinds, ThatCarryFramesHaveNeighbours) {
  for (const char* kind : {"tun", "wireguard", "ipip", "ovpn"}) EXPECT_TRUE(IsTunnelWithoutNeighbours(kind)) << kind;
  for (const char* kind : {"gretap", "tap", "ethernet"}) EXPECT_FALSE(IsTunnelWithoutNeighbours(kind)) << kind;
}

}  // namespace
}  // namespace parallax::contract
