// The sql probe, run by libpqxx in the client process. See probe.h for the promise of `run`.
#ifndef PARALLAX_AGENT_PROBES_SQL_SQL_PROBE_H_
#define PARALLAX_AGENT_PROBES_SQL_SQL_PROBE_H_

#include "agent/probes/probe.h"

namespace parallax::probes {

absl::Status ValidateSql(const v1::ProbeSpec& spec);
absl::Status RunSql(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder);

inline constexpr Probe kSqlProbe = {v1::ProbeSpec::kSql, "sql", &ValidateSql, &RunSql};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_SQL_SQL_PROBE_H_
