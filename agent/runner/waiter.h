// Waiting for an instant, or for cancellation: the one thing that a runner does besides running probes. An interface,
// so that tests bring a clock that moves when they say so.
//
// Implementations are thread-safe. A Waiter is borrowed by reference and outlives its users.
#ifndef PARALLAX_AGENT_RUNNER_WAITER_H_
#define PARALLAX_AGENT_RUNNER_WAITER_H_

#include <cstdint>

#include "agent/net/cancel.h"

namespace parallax::runner {

class Waiter {
 public:
  virtual ~Waiter() = default;
  // Blocks until the runner's clock reads `monotonic_ns`, or `cancel`. Returns at once for an instant that is past.
  // False when it was cancelled.
  virtual bool WaitUntil(int64_t monotonic_ns, const net::CancelToken& cancel) const = 0;
};

// Waits on the host's clock (net::SystemClock). Never destroyed.
const Waiter& SystemWaiter();

}  // namespace parallax::runner

#endif  // PARALLAX_AGENT_RUNNER_WAITER_H_
