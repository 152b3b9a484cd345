#include "controller/dispatch/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::dispatch {
namespace {

constexpr size_t kStderrKept = 8 * 1024;
constexpr auto kTermGrace = std::chrono::milliseconds(500);

// Descriptors for one start. All are 3 or higher, so that dup2 in the child never meets its own target, and all are
// close-on-exec, so that no other child inherits them.
struct Plumbing {
  int ours = -1, theirs = -1;  // the socketpair
  int stderr_read = -1, stderr_write = -1;
  int exec_read = -1, exec_write = -1;  // the errno of a failed exec
  int wake = -1;

  bool Open() {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return false;
    ours = Raise(pair[0]);
    theirs = Raise(pair[1]);
    if (pipe2(pair, O_CLOEXEC) != 0) return false;
    stderr_read = Raise(pair[0]);
    stderr_write = Raise(pair[1]);
    if (pipe2(pair, O_CLOEXEC) != 0) return false;
    exec_read = Raise(pair[0]);
    exec_write = Raise(pair[1]);
    wake = Raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return ours >= 0 && theirs >= 0 && stderr_read >= 0 && stderr_write >= 0 && exec_read >= 0 && exec_write >= 0 &&
           wake >= 0;
  }

  void CloseTheirs() {
    for (int* fd : {&theirs, &stderr_write, &exec_write}) CloseOne(fd);
  }
  void CloseAll() {
    CloseTheirs();
    for (int* fd : {&ours, &stderr_read, &exec_read, &wake}) CloseOne(fd);
  }
  static void CloseOne(int* fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
  }
  static int Raise(int fd) {
    if (fd < 0 || fd >= 3) return fd;
    const int higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    close(fd);
    return higher;
  }
};

// Between fork and exec: only async-signal-safe calls (signal-safety(7)); other threads may hold any lock.
[[noreturn]] void BecomeCommand(char* const* argv, const Plumbing& plumbing, ChildProcess::Terminal terminal,
                                pid_t parent) {
  const bool own_session = terminal == ChildProcess::Terminal::kNone;
  if (own_session) setsid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);  // it died before prctl
  struct sigaction defaults {};
  defaults.sa_handler = SIG_DFL;
  for (int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD}) sigaction(signal, &defaults, nullptr);
  defaults.sa_handler = SIG_IGN;
  if (!own_session) {
    for (int signal : {SIGINT, SIGQUIT}) sigaction(signal, &defaults, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(plumbing.theirs, STDIN_FILENO);
  dup2(plumbing.theirs, STDOUT_FILENO);
  dup2(plumbing.stderr_write, STDERR_FILENO);
  execvp(argv[0], argv);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(plumbing.exec_write, &error, sizeof(error));
  _exit(127);
}

// 0 when exec went well (the pipe closed itself), else its errno.
int ExecError(int fd) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(fd, &error, sizeof(error));
  } while (got < 0 && errno == EINTR);
  return got == sizeof(error) ? error : 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const std::vector<std::string>& words,
                                                                  Terminal terminal, int* os_error) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);

  Plumbing plumbing;
  const pid_t parent = getpid();
  const pid_t pid = plumbing.Open() ? fork() : -1;
  int error = errno;
  if (pid == 0) BecomeCommand(argv.data(), plumbing, terminal, parent);
  plumbing.CloseTheirs();
  if (pid > 0) {
    error = ExecError(plumbing.exec_read);
    Plumbing::CloseOne(&plumbing.exec_read);
    if (error == 0) {
      return std::unique_ptr<ChildProcess>(
          new ChildProcess(pid, terminal, plumbing.ours, plumbing.stderr_read, plumbing.wake));
    }
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  plumbing.CloseAll();
  if (os_error != nullptr) *os_error = error;
  return absl::NotFoundError(absl::StrCat("'", contract::Printable(words[0], 200), "': ", strerror(error)));
}

ChildProcess::ChildProcess(pid_t pid, Terminal terminal, int socket, int stderr_fd, int wake_fd)
    : pid_(pid),
      to_signal_(terminal == Terminal::kNone ? -pid : pid),
      socket_(socket),
      stderr_fd_(stderr_fd),
      wake_fd_(wake_fd),
      drain_([this] { DrainStderr(); }) {}

ChildProcess::~ChildProcess() { End(std::chrono::milliseconds(0)); }

int ChildProcess::TakeSocket() {
  const int taken = socket_;
  socket_ = -1;
  return taken;
}

void ChildProcess::Reap() {
  // What it left behind in its session (the ssh of a `sh -c 'ssh ...; true'`) ends with it. Before the reaping: until
  // then nobody else can have this number.
  kill(to_signal_, SIGTERM);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  wait_status_ = status;
}

std::optional<int> ChildProcess::WaitForExit(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!wait_status_.has_value()) {
    siginfo_t ended{};
    const int asked = waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (asked == 0 && ended.si_pid == pid_) {
      Reap();
    } else if (asked < 0 && errno == ECHILD) {
      wait_status_ = 0;  // someone set SIGCHLD to ignored: it is gone, and nobody knows how
    } else if (std::chrono::steady_clock::now() >= deadline) {
      break;
    } else {
      poll(nullptr, 0, 5);
    }
  }
  return wait_status_;
}

std::string ChildProcess::StderrTail() {
  // Its last words may still be in the pipe when its exit is known. Bounded: a grandchild may hold the pipe open.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (drained_ || !wait_status_.has_value() || std::chrono::steady_clock::now() >= deadline) return tail_;
    }
    poll(nullptr, 0, 2);
  }
}

void ChildProcess::End(std::chrono::milliseconds grace) {
  Plumbing::CloseOne(&socket_);
  if (!WaitForExit(grace).has_value()) {
    kill(to_signal_, SIGTERM);
    if (!WaitForExit(kTermGrace).has_value()) {
      kill(to_signal_, SIGKILL);
      Reap();
    }
  }
  if (!drain_.joinable()) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
  drain_.join();
  close(stderr_fd_);
  close(wake_fd_);
}

void ChildProcess::DrainStderr() {
  char buffer[4096];
  for (;;) {
    pollfd waits[] = {{stderr_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) break;
    if (waits[1].revents != 0) break;
    if (waits[0].revents == 0) continue;
    const ssize_t got = read(stderr_fd_, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    std::lock_guard lock(mutex_);
    tail_.append(buffer, static_cast<size_t>(got));
    if (tail_.size() > kStderrKept) tail_.erase(0, tail_.size() - kStderrKept);
  }
  std::lock_guard lock(mutex_);
  drained_ = true;
}

}  // namespace parallax::dispatch
