#include "controller/cli/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "controller/cli/exit_codes.h"

namespace parallax::cli {
namespace {

constexpr int kEnds[] = {SIGINT, SIGTERM, SIGHUP};

// What a signal handler can reach is global.
std::atomic<bool> interrupted{false};
std::atomic<bool> at_once{false};
std::atomic<bool> takes_time{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a handler must not wait");

constexpr char kLate[] = "parallax: interrupted, and something did not end: the process ends without it\n";

// All of these call what is async-signal-safe alone (signal-safety(7)).
extern "C" void OnLate(int) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kLate, sizeof(kLate) - 1);
  _exit(kExitInterrupted);
}

void On(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

extern "C" void OnEnd(int) {
  if (interrupted.exchange(true) || at_once) _exit(kExitInterrupted);
  if (takes_time) return;
  On(SIGALRM, &OnLate);
  alarm(Interrupt::kSeconds);
}

void Unblock() {
  sigset_t ends;
  sigemptyset(&ends);
  for (int signal : kEnds) sigaddset(&ends, signal);
  sigaddset(&ends, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &ends, nullptr);
}

}  // namespace

void LetSignalsEnd() {
  Unblock();
  On(SIGTERM, SIG_DFL);  // SIGINT and SIGHUP may be ignored on purpose: a background job of a script, nohup(1)
}

Interrupt::Interrupt() {
  for (int signal : kEnds) {
    struct sigaction inherited {};
    sigaction(signal, nullptr, &inherited);
    if (signal != SIGTERM && inherited.sa_handler == SIG_IGN) continue;
    On(signal, &OnEnd);
  }
  Unblock();
}

Interrupt::~Interrupt() { at_once = true; }

const std::atomic<bool>& Interrupt::flag() const { return interrupted; }

void Interrupt::TakeTime() {
  takes_time = true;
  if (interrupted) alarm(0);
}

void Interrupt::EndAtOnce() {
  at_once = true;
  takes_time = false;
}

}  // namespace parallax::cli
