#include "agent/net/signals.h"

#include <cerrno>

namespace parallax::net {

// A port would ask kqueue(2) for EVFILT_SIGNAL.
int OpenSignals(std::initializer_list<int> /*signals*/) {
  errno = ENOSYS;
  return -1;
}

void TakeSignal(int /*fd*/) {}

}  // namespace parallax::net
