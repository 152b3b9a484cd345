// The table of probes. A test walks ProbeSpec's oneof and fails on a forgotten line.
#ifndef PARALLAX_AGENT_PROBES_REGISTRY_H_
#define PARALLAX_AGENT_PROBES_REGISTRY_H_

#include <span>

#include "agent/probes/probe.h"

namespace parallax::probes {

std::span<const Probe> AllProbes();

// nullptr for a kind that this agent does not know (a newer controller's): answered `unsupported` for that probe alone.
const Probe* FindProbe(v1::ProbeSpec::SpecCase kind);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_REGISTRY_H_
