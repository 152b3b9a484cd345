// Cancellation that can be polled beside a socket.
//
// Thread-safe: Cancel() from any thread, any number of times; readers poll fd() for POLLIN or ask cancelled().
// The token outlives every wait on it.
#ifndef PARALLAX_AGENT_NET_CANCEL_H_
#define PARALLAX_AGENT_NET_CANCEL_H_

#include <atomic>

#include "agent/net/wake.h"

namespace parallax::net {

class CancelToken {
 public:
  CancelToken() = default;
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  void Cancel();
  bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }
  // Becomes readable, and stays so, once cancelled. -1 when the process is out of descriptors: then
  // waits are woken only by their deadline.
  int fd() const { return wake_.fd(); }

 private:
  const Wake wake_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_CANCEL_H_
