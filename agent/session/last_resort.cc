#include "agent/session/last_resort.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>

namespace parallax::session {
namespace {

constexpr char kWords[] =
    "parallax-agent: what still ran did not end when it was told to, so the process ends without it\n";

// Async-signal-safe calls only (signal-safety(7)).
extern "C" void EndNow(int) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kWords, sizeof(kWords) - 1);
  _exit(LastResort::kExitCode);
}

void Arm(int64_t ms) {
  itimerval timer{};
  timer.it_value.tv_sec = ms / 1000;
  timer.it_value.tv_usec = ms % 1000 * 1000;
  setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

LastResort::LastResort(std::chrono::milliseconds left) {
  struct sigaction end {};
  end.sa_handler = &EndNow;
  sigaction(SIGALRM, &end, nullptr);
  sigset_t alarm;  // it may have been inherited as blocked
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  Arm(std::max<int64_t>(1, left.count()));  // 0 would disarm it
}

LastResort::~LastResort() { Arm(0); }

}  // namespace parallax::session
