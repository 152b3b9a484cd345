#include "agent/probes/probe.h"

#include <algorithm>

namespace parallax::probes {

int64_t Context::StepDeadline() const { return std::min(deadline_ns, clock.MonotonicNs() + step_timeout_ns); }

}  // namespace parallax::probes
