// A command that we started to reach an agent: its stdin and stdout are one socket, its stderr is captured.
//
// Owns the process, the socket until it is taken, and a thread that drains stderr. Used from one thread: the one that
// started it, which must outlive the child (the kernel ends the child when that thread ends).
#ifndef PARALLAX_CONTROLLER_DISPATCH_CHILD_PROCESS_H_
#define PARALLAX_CONTROLLER_DISPATCH_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"

namespace parallax::dispatch {

class ChildProcess {
 public:
  enum class Terminal {
    kNone,  // a session of its own: Ctrl-C does not reach it before we have collected, and ssh or sudo fail with a word
            // instead of stopping at a prompt that nobody sees
    kShared,  // ours: it may ask the person there. It is deaf to Ctrl-C, which is for us
  };

  // Starts `words` without a shell.
  // A non-OK status carries the errno of exec(3) in words; `os_error`, when given, its number.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& words,
                                                             Terminal terminal = Terminal::kNone,
                                                             int* os_error = nullptr);
  // Ends it, with no grace.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int socket() const { return socket_; }
  // The caller owns it from here.
  int TakeSocket();

  // The wait status (waitpid(2)) once it ended, waiting up to `timeout` for that.
  std::optional<int> WaitForExit(std::chrono::milliseconds timeout);

  // The last 8 KiB of its stderr. After the exit: everything it wrote, unless a grandchild holds stderr open.
  std::string StderrTail();

  // Closes the socket when it was not taken, and waits up to `grace` for the child to end by itself; then SIGTERM, 500
  // ms, SIGKILL, to the child and, where it has a session of its own, to what it started in it. Reaps it. Idempotent.
  void End(std::chrono::milliseconds grace);

 private:
  void Reap();
  ChildProcess(pid_t pid, Terminal terminal, int socket, int stderr_fd, int wake_fd);
  void DrainStderr();

  const pid_t pid_;
  const pid_t to_signal_;  // as kill(2) takes it
  int socket_;
  const int stderr_fd_;
  const int wake_fd_;  // eventfd: ends the drain
  std::optional<int> wait_status_;

  std::mutex mutex_;
  std::string tail_;      // guarded by mutex_
  bool drained_ = false;  // guarded by mutex_
  std::thread drain_;
};

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_CHILD_PROCESS_H_
