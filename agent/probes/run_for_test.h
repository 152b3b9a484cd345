// For tests: runs one probe on this host as the runner would, and gives the observation.
#ifndef PARALLAX_AGENT_PROBES_RUN_FOR_TEST_H_
#define PARALLAX_AGENT_PROBES_RUN_FOR_TEST_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/probes/probe.h"

namespace parallax::probes {

struct RunOptions {
  int64_t step_timeout_ms = 2000;
  int64_t timeout_ms = 10000;
  std::vector<v1::ConnectTo> connect_to;
};

inline v1::Observation RunProbe(const Probe& probe, const v1::ProbeSpec& spec, const RunOptions& options = {}) {
  v1::Observation observation;
  EXPECT_TRUE(probe.validate(spec).ok()) << probe.validate(spec);
  const net::Clock& clock = net::SystemClock();
  const net::CancelToken cancel;
  const policy::Policy policy;
  const policy::Secrets secrets{};
  const Context context = {clock,
                           cancel,
                           policy,
                           secrets,
                           options.connect_to,
                           clock.MonotonicNs() + options.timeout_ms * net::kMs,
                           options.step_timeout_ms * net::kMs};
  Recorder recorder(clock, &observation);
  const absl::Status status = probe.run(spec, context, recorder);
  EXPECT_TRUE(status.ok()) << status;
  return observation;
}

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_RUN_FOR_TEST_H_
