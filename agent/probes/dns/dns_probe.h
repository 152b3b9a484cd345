// The dns probe. See probe.h for the promise of `run`.
#ifndef PARALLAX_AGENT_PROBES_DNS_DNS_PROBE_H_
#define PARALLAX_AGENT_PROBES_DNS_DNS_PROBE_H_

#include "agent/probes/probe.h"

namespace parallax::probes {

absl::Status ValidateDns(const v1::ProbeSpec& spec);
absl::Status RunDns(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder);

inline constexpr Probe kDnsProbe = {v1::ProbeSpec::kDns, "dns", &ValidateDns, &RunDns};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_DNS_DNS_PROBE_H_
