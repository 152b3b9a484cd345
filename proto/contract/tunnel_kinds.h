// The one list of the kinds of interface that a tunnel has.
// Agent and controller read the same, so that what one calls a tunnel is one for the other. Pure; thread-safe.
#ifndef PARALLAX_CONTRACT_TUNNEL_KINDS_H_
#define PARALLAX_CONTRACT_TUNNEL_KINDS_H_

#include "parallax/v1/observation.pb.h"

namespace parallax::contract {

// TUN, WIREGUARD, OVPN, ...: what enters it goes to somewhere else than the wire.
bool IsTunnelKind(v1::LinkKind kind);
// The kernel itself carries what enters it; no process has to hold it.
bool IsKernelTunnelKind(v1::LinkKind kind);
// It carries packets and no frames: nobody on it answers for an address (ARP, NDP).
bool IsTunnelWithoutNeighbours(v1::LinkKind kind);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_TUNNEL_KINDS_H_
