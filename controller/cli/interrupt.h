// SIGINT, SIGTERM and SIGHUP as a flag: the first sets it, so that what was observed is kept; the second ends the
// process. One is always enough: what has not ended 15 s after the first is ended then, whatever it hangs in.
//
// Signal handlers and an alarm(2), and no thread and no descriptor: it works where neither can be had, and while every
// thread is stuck. One of it, of the process; made before any other thread.
#ifndef PARALLAX_CONTROLLER_CLI_INTERRUPT_H_
#define PARALLAX_CONTROLLER_CLI_INTERRUPT_H_

#include <atomic>

namespace parallax::cli {

// For commands that keep nothing: the signals end the process, also where it was started with them blocked.
void LetSignalsEnd();

class Interrupt {
 public:
  static constexpr unsigned kSeconds = 15;

  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  const std::atomic<bool>& flag() const;

  // What follows may take its time after an interrupt too, as what takes an experiment down does.
  void TakeTime();
  // What follows is worth no waiting: from here on the first signal ends the process. One that came before still has
  // its seconds.
  void EndAtOnce();
};

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_INTERRUPT_H_
