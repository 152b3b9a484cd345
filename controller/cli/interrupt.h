// SIGINT and SIGTERM as a flag: the first sets it, so that what was observed is kept; the second ends the process.
//
// Owns a thread. One of it, made in main before any other thread, since it blocks the signals for all that follow.
#ifndef PARALLAX_CONTROLLER_CLI_INTERRUPT_H_
#define PARALLAX_CONTROLLER_CLI_INTERRUPT_H_

#include <atomic>
#include <thread>

namespace parallax::cli {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  const std::atomic<bool>& flag() const { return flag_; }

 private:
  void Watch();

  std::atomic<bool> flag_{false};
  int signals_ = -1;  // signalfd(2)
  int stop_ = -1;     // eventfd(2)
  std::thread thread_;
};

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_INTERRUPT_H_
