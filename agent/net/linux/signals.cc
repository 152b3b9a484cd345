#include "agent/net/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace parallax::net {

int OpenSignals(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void TakeSignal(int fd) {
  signalfd_siginfo signal;
  [[maybe_unused]] const ssize_t taken = read(fd, &signal, sizeof(signal));
}

}  // namespace parallax::net
