#include "controller/conduct/experiment_steps.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "contract/limits.h"
#include "contract/shell_words.h"
#include "controller/conduct/shown_experiment.h"
#include "controller/plan/quantities.h"

extern char** environ;  // environ(7)

namespace parallax::conduct {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto kPoll = milliseconds(50);         // how often `interrupted` is looked at
constexpr auto kKillAfter = milliseconds(2000);  // from SIGTERM to SIGKILL
constexpr char kNobody[] =
    "nobody can press enter: standard input has ended. Run it in a terminal, or write a command: in place of the "
    "pause:";
constexpr size_t kTailBytes = 600;  // of what a command printed, in errors

int UntilNs(Clock::time_point until) {
  const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
  return static_cast<int>(std::clamp(left, milliseconds(0), milliseconds(kPoll)).count());
}

// How long a step may take, and what is said of one that takes longer.
struct Limit {
  Clock::time_point until;
  std::string late;
};

Limit LimitOf(const v1::ExperimentStep& step, Clock::time_point deadline) {
  const auto timeout = Clock::now() + milliseconds(step.timeout_ms());
  if (deadline < timeout) return {deadline, "when the deadline: of the whole experiment came"};
  return {timeout,
          absl::StrCat("after ", plan::DurationText(step.timeout_ms()), " (timeout: is how long a step may take)")};
}

void Say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(STDERR_FILENO, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    text.remove_prefix(static_cast<size_t>(wrote));
  }
}

std::string CannotBeStarted(const std::string& program, int error) {
  return absl::StrCat("it cannot be started: ", std::strerror(error), ": is ", contract::Printable(program, 80),
                      " installed and in PATH?");
}

// A command that runs, and the last that it printed.
class Command {
 public:
  ~Command() {
    if (output_ >= 0) close(output_);
    if (pidfd_ >= 0) close(pidfd_);
  }

  // "" or why it could not be started.
  std::string Start(const std::vector<std::string>& words) {
    std::array<int, 2> pipe_fds{};
    if (pipe2(pipe_fds.data(), O_CLOEXEC) != 0) return absl::StrCat("cannot make a pipe: ", std::strerror(errno));
    output_ = pipe_fds[0];
    fcntl(output_, F_SETFL, O_NONBLOCK);
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, pipe_fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, pipe_fds[1], STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // We block and ignore signals; the command is to get them as usual.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    const int error = posix_spawnp(&pid_, argv[0], &files, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(pipe_fds[1]);
    if (error != 0) {
      pid_ = -1;
      return CannotBeStarted(words[0], error);
    }
    pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    return "";
  }

  // True once it has ended; waits until `until` at most, a glance of kPoll at a time.
  bool WaitUntil(Clock::time_point until) {
    std::array<pollfd, 2> waits = {{{output_, POLLIN, 0}, {pidfd_, POLLIN, 0}}};
    poll(waits.data(), waits.size(), UntilNs(until));
    ReadOutput();
    if (waitpid(pid_, &status_, WNOHANG | WUNTRACED) != pid_) return false;
    if (WIFSTOPPED(status_)) {
      wants_terminal_ = WSTOPSIG(status_) == SIGTTIN || WSTOPSIG(status_) == SIGTTOU;
      return false;
    }
    ReadOutput();
    return true;
  }

  // Ends the whole group, and reaps the command. What is left of the group when the command itself has ended, one that
  // ignores SIGTERM, say, has the same time.
  void End() {
    kill(-pid_, SIGTERM);
    kill(-pid_, SIGCONT);  // one that is stopped would meet SIGTERM only when it goes on
    const auto kill_at = Clock::now() + kKillAfter;
    bool reaped = false;
    while (Clock::now() < kill_at) {
      if (!reaped) {
        reaped = WaitUntil(kill_at);
      } else {
        if (kill(-pid_, 0) != 0 && errno == ESRCH) return;
        poll(nullptr, 0, UntilNs(kill_at));
      }
    }
    kill(-pid_, SIGKILL);
    while (!reaped && waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
  }

  int status() const { return status_; }
  // It is stopped, since it reads from the terminal, or sets it, and is not in its foreground: tcsetpgrp(3).
  bool wants_terminal() const { return wants_terminal_; }
  // ": " and the last lines, or "".
  std::string Tail() const {
    std::string_view tail = tail_;
    while (!tail.empty() && tail.back() == '\n') tail.remove_suffix(1);
    if (tail.size() > kTailBytes) tail.remove_prefix(tail.size() - kTailBytes);
    return tail.empty() ? "" : absl::StrCat(": ", contract::Printable(tail, kTailBytes));
  }

 private:
  void ReadOutput() {
    std::array<char, 4096> buffer;
    for (int i = 0; i < 64; ++i) {  // bounded: one that never stops printing is to be ended in time, too
      const ssize_t got = read(output_, buffer.data(), buffer.size());
      if (got == 0) {
        close(output_);
        output_ = -1;
      }
      if (got <= 0) return;
      Say({buffer.data(), static_cast<size_t>(got)});
      tail_.append(buffer.data(), static_cast<size_t>(got));
      if (tail_.size() > 8 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
    }
  }

  pid_t pid_ = -1;
  int output_ = -1;
  int pidfd_ = -1;
  int status_ = 0;
  bool wants_terminal_ = false;
  std::string tail_;
};

std::string RunCommand(const v1::ExperimentStep& step, const Limit& limit, const std::atomic<bool>& interrupted) {
  const auto words = contract::SplitShellWords(step.command());
  if (!words.ok()) return std::string(words.status().message());
  Command command;
  if (std::string error = command.Start(*words); !error.empty()) return error;
  while (!command.WaitUntil(limit.until)) {
    const bool waits = command.wants_terminal();
    if (!interrupted && !waits && Clock::now() < limit.until) continue;
    command.End();
    if (interrupted) return "interrupted";
    if (waits) {
      return absl::StrCat(
          "it waits for the terminal, which steps do not have: give it what it asks for otherwise, or "
          "a way to fail instead, as sudo -n and ssh -o BatchMode=yes have",
          command.Tail());
    }
    return absl::StrCat("it had not ended ", limit.late, ", so it was ended", command.Tail());
  }
  const int status = command.status();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  if (WIFEXITED(status)) return absl::StrCat("it ended with exit code ", WEXITSTATUS(status), command.Tail());
  return absl::StrCat("it was killed by signal ", WTERMSIG(status), command.Tail());
}

std::string WaitForPerson(const v1::ExperimentStep& step, const Limit& limit, const std::atomic<bool>& interrupted) {
  // What was typed before anything was asked is no answer.
  if (isatty(STDIN_FILENO) == 1) tcflush(STDIN_FILENO, TCIFLUSH);
  Say(absl::StrCat("parallax: ", contract::Printable(step.pause()), "\n"));
  for (;;) {
    if (interrupted) return "interrupted";
    if (Clock::now() >= limit.until) return absl::StrCat("nobody had pressed enter ", limit.late);
    pollfd wait = {STDIN_FILENO, POLLIN, 0};
    if (poll(&wait, 1, UntilNs(limit.until)) <= 0) continue;
    char byte = 0;
    const ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) {
      return kNobody;
    }
    if (byte == '\n') return "";
  }
}

// Closed, a pipe whose writer has left, or /dev/null: nothing will ever be read there.
bool StdinIsAtItsEnd() {
  struct stat facts {};
  if (fstat(STDIN_FILENO, &facts) != 0) return true;
  struct stat null {};
  if (S_ISCHR(facts.st_mode) && stat("/dev/null", &null) == 0 && facts.st_rdev == null.st_rdev) return true;
  pollfd now = {STDIN_FILENO, POLLIN, 0};
  return poll(&now, 1, 0) > 0 && (now.revents & POLLIN) == 0;
}

bool CanBeRun(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && access(path.c_str(), X_OK) == 0;
}

// As posix_spawnp(3) looks for it.
bool IsThere(const std::string& program) {
  if (program.find('/') != std::string::npos) return CanBeRun(program);
  const char* path = std::getenv("PATH");
  for (const auto folder : absl::StrSplit(path == nullptr ? "/bin:/usr/bin" : path, ':')) {
    if (CanBeRun(absl::StrCat(folder.empty() ? "." : folder, "/", program))) return true;
  }
  return false;
}

}  // namespace

std::string WhyNever(const v1::ExperimentStep& step) {
  if (!step.pause().empty()) return StdinIsAtItsEnd() ? kNobody : "";
  const auto words = contract::SplitShellWords(step.command());
  if (!words.ok()) return std::string(words.status().message());
  return IsThere(words->front()) ? "" : CannotBeStarted(words->front(), ENOENT);
}

v1::StepResult CarryOut(const v1::ExperimentStep& step, const std::string& part, const std::atomic<bool>& interrupted,
                        Clock::time_point deadline) {
  v1::StepResult result;
  const auto begun = Clock::now();
  const Limit limit = LimitOf(step, deadline);
  result.set_part(part);
  result.set_what(ShownStep(step));
  result.set_error(step.pause().empty() ? RunCommand(step, limit, interrupted)
                                        : WaitForPerson(step, limit, interrupted));
  result.set_duration_ns(std::chrono::nanoseconds(Clock::now() - begun).count());
  return result;
}

}  // namespace parallax::conduct
