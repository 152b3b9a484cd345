// A program that the agent starts: its streams, its end, and the deadline and cancellation that bound the wait for it.
//
// It runs in a process group of its own: an interrupt from the terminal is the agent's to hand on, and what it started
// in turn is ended with it. It inherits three descriptors and no other. Not thread-safe. The destructor ends it.
#ifndef PARALLAX_AGENT_NET_CHILD_PROCESS_H_
#define PARALLAX_AGENT_NET_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "contract/descriptors.h"

namespace parallax::net {

struct ChildOptions {
  std::vector<std::string> argv;  // the program first: a path, or a name that is looked up in PATH
  std::string path;               // "": argv[0]
  std::optional<std::vector<std::string>> environment;  // "NAME=value"; none: ours
  bool feed_stdin = false;                              // else it reads /dev/null
  bool read_stderr = false;                             // else it goes to /dev/null
};

// How long somebody waits. Monotonic ns of net::SystemClock.
struct WaitLimit {
  int64_t deadline_ns = 0;
  std::function<bool()> cancelled;  // null: never
  int cancel_fd = -1;               // readable once cancelled; -1: `cancelled` is asked every 50 ms
};

class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() { Kill(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // 0, or the errno that kept it from starting. Once.
  int Start(const ChildOptions& options);

  // Our ends, non-blocking; -1: not asked for, or closed. stdin is a socket: a reader that is gone raises no SIGPIPE.
  int stdin_fd() const { return in_.get(); }
  int stdout_fd() const { return out_.get(); }
  int stderr_fd() const { return err_.get(); }
  void CloseStdin() { in_.Reset(); }
  void CloseStderr() { err_.Reset(); }

  enum class Outcome { kEnded, kTooMuch, kLate, kCancelled };
  // Reads stdout to its end, at most `max_bytes`, and waits for the process. In all other outcomes the group is killed.
  Outcome Collect(size_t max_bytes, const WaitLimit& limit, std::string* text);

  // Waits until the process has ended by itself. False, and it still runs: past the limit.
  bool AwaitEnd(const WaitLimit& limit);
  // Asks the group to end, and kills after `grace_ns` what still runs.
  void Terminate(int64_t grace_ns);
  // Kills the group.
  void Kill();

  // As waitpid(2) gives it, once it has ended.
  int status() const { return status_; }

 private:
  // Whether it has ended, and is reaped.
  bool Reap();

  pid_t pid_ = -1;  // -1: none, or reaped
  int status_ = 0;
  contract::Descriptor in_;
  contract::Descriptor out_;
  contract::Descriptor err_;
};

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_CHILD_PROCESS_H_
