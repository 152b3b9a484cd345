#include "agent/probes/probe.h"

#include <algorithm>

namespace parallax::probes {

int64_t Context::StepDeadline() const { return std::min(deadline_ns, clock.MonotonicNs() + step_timeout_ns); }

policy::Patience Context::Patience() const {
  const int64_t left_ms = std::max<int64_t>(0, deadline_ns - clock.MonotonicNs()) / net::kMs;
  return {std::min(left_ms, policy::kHelperTimeoutMs), [this] { return cancel.cancelled(); }, cancel.fd()};
}

}  // namespace parallax::probes
