// The postgres probe. See probe.h for the promise of `run`.
#ifndef PARALLAX_AGENT_PROBES_POSTGRES_POSTGRES_PROBE_H_
#define PARALLAX_AGENT_PROBES_POSTGRES_POSTGRES_PROBE_H_

#include "agent/probes/probe.h"

namespace parallax::probes {

absl::Status ValidatePostgres(const v1::ProbeSpec& spec);
absl::Status RunPostgres(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder);

inline constexpr Probe kPostgresProbe = {v1::ProbeSpec::kPostgres, "postgres", &ValidatePostgres, &RunPostgres};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_POSTGRES_POSTGRES_PROBE_H_
