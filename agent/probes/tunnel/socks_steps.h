// The SOCKS_CONNECT steps: which of a tunnel's ports speak SOCKS5, and CONNECT spoken to those, for all destinations at
// once. Threads of its own, all joined before a function returns.
#ifndef PARALLAX_AGENT_PROBES_TUNNEL_SOCKS_STEPS_H_
#define PARALLAX_AGENT_PROBES_TUNNEL_SOCKS_STEPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "agent/probes/probe.h"
#include "agent/probes/tunnel/carrier_finder.h"

namespace parallax::probes {

// The first two candidates that answer a greeting as SOCKS5 does, or that were expected to and are silent.
std::vector<v1::SocksListener> ThatSpeakSocks(const std::vector<SocksCandidate>& candidates, const Context& context,
                                              Recorder& recorder);

struct SocksDestination {
  std::string host;  // numeric, or a name that the far side resolves
  uint16_t port = 0;
  bool negative = false;
  bool positive = false;
};

// One step and one connection for each listener and destination; all of them share one step's time.
void ConnectThroughSocks(const std::vector<v1::SocksListener>& listeners,
                         const std::vector<SocksDestination>& destinations, const Context& context, Recorder& recorder);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_TUNNEL_SOCKS_STEPS_H_
