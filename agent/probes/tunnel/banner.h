// The BANNER step: fresh connections to a tunnel's bastion, to hear whether it still answers, how fast, and as whom.
// Thread-safe: no state.
#ifndef PARALLAX_AGENT_PROBES_TUNNEL_BANNER_H_
#define PARALLAX_AGENT_PROBES_TUNNEL_BANNER_H_

#include <cstdint>

#include "agent/probes/probe.h"
#include "agent/probes/tunnel/argv_hints.h"

namespace parallax::probes {

// Appends one BANNER step and a connection for each attempt; gives the step's failure. Of the first attempt that
// answers the host key is asked too (its signature is not verified: nothing secret is sent). All attempts share one
// step's time, and the first that is silent is the last.
v1::Failure AskBanner(const HostPort& bastion, uint32_t attempts, const Context& context, Recorder& recorder);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_TUNNEL_BANNER_H_
