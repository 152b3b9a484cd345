// The one list of the kinds of interface that a tunnel has, in the kernel's own words (IFLA_INFO_KIND, rtnetlink(7)).
// Agent and controller read the same, so that what one calls a tunnel is one for the other. Pure; thread-safe.
#ifndef PARALLAX_CONTRACT_TUNNEL_KINDS_H_
#define PARALLAX_CONTRACT_TUNNEL_KINDS_H_

#include <string_view>

namespace parallax::contract {

// "tun", "wireguard", "ovpn", ...: what enters it goes to somewhere else than the wire.
bool IsTunnelKind(std::string_view kind);
// The kernel itself carries what enters it; no process has to hold it.
bool IsKernelTunnelKind(std::string_view kind);
// It carries packets and no frames: nobody on it answers for an address (ARP, NDP).
bool IsTunnelWithoutNeighbours(std::string_view kind);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_TUNNEL_KINDS_H_
