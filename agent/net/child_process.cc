#include "agent/net/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/net/clock.h"
#include "agent/net/poll.h"

extern char** environ;  // environ(7)

namespace parallax::net {
namespace {

constexpr int64_t kGlanceNs = 50 * kMs;  // at a cancellation that no descriptor tells
constexpr int64_t kEndNs = 2 * kMs;      // no descriptor tells of a process's end
constexpr int64_t kLongNs = 1000 * kMs;

// Into `words`, which must outlive them.
std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}
std::vector<char*> Pointers(std::vector<std::string>&& words) = delete;

bool Cancelled(const WaitLimit& limit) { return limit.cancelled && limit.cancelled(); }

// Blocks until `fd` (-1: none) is readable, `limit` is reached, or `at_most_ns` passed.
bool Readable(int fd, int64_t at_most_ns, const WaitLimit& limit) {
  int64_t wait_ns = std::min(at_most_ns, limit.deadline_ns - SystemClock().MonotonicNs());
  if (limit.cancelled && limit.cancel_fd < 0) wait_ns = std::min(wait_ns, kGlanceNs);
  pollfd waits[] = {{fd, POLLIN, 0}, {limit.cancel_fd, POLLIN, 0}};
  return PollFor(waits, 2, wait_ns) > 0 && waits[0].revents != 0;
}

// The agent blocks and ignores signals; a child must be killable, and die of a broken pipe as any program does.
void UseDefaults(posix_spawnattr_t* attributes) {
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setsigdefault(attributes, &defaults);
  posix_spawnattr_setpgroup(attributes, 0);
  posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

}  // namespace

int ChildProcess::Start(const ChildOptions& options) {
  int in[2] = {-1, -1};
  int out[2] = {-1, -1};
  int err[2] = {-1, -1};
  const bool opened = (!options.feed_stdin || contract::OpenSocketPair(in)) && contract::OpenPipe(out) &&
                      (!options.read_stderr || contract::OpenPipe(err));
  const int no_descriptor = opened ? 0 : errno;
  in_.Reset(in[1]);
  out_.Reset(out[0]);
  err_.Reset(err[0]);
  const contract::Descriptor its_in(in[0]);
  const contract::Descriptor its_out(out[1]);
  const contract::Descriptor its_err(err[1]);
  if (no_descriptor != 0) return no_descriptor;

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (options.feed_stdin) {
    posix_spawn_file_actions_adddup2(&actions, its_in.get(), STDIN_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, its_out.get(), STDOUT_FILENO);
  if (options.read_stderr) {
    posix_spawn_file_actions_adddup2(&actions, its_err.get(), STDERR_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  UseDefaults(&attributes);
  const std::vector<char*> argv = Pointers(options.argv);
  const bool its_own = options.environment.has_value();
  const std::vector<char*> environment = its_own ? Pointers(*options.environment) : std::vector<char*>();
  char* const* variables = its_own ? environment.data() : environ;
  const int error = options.path.empty()
                        ? posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), variables)
                        : posix_spawn(&pid_, options.path.c_str(), &actions, &attributes, argv.data(), variables);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    pid_ = -1;
    return error;
  }
  for (const int fd : {in_.get(), out_.get(), err_.get()}) {
    if (fd >= 0) contract::DoNotBlock(fd);
  }
  return 0;
}

ChildProcess::Outcome ChildProcess::Collect(size_t max_bytes, const WaitLimit& limit, std::string* text) {
  const auto killed = [this](Outcome outcome) {
    Kill();
    return outcome;
  };
  char buffer[4096];
  for (bool more = true; more;) {
    if (Cancelled(limit)) return killed(Outcome::kCancelled);
    if (SystemClock().MonotonicNs() >= limit.deadline_ns) return killed(Outcome::kLate);
    if (!Readable(out_.get(), kLongNs, limit)) continue;
    const ssize_t got = read(out_.get(), buffer, sizeof(buffer));
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    more = got > 0;
    if (more) text->append(buffer, static_cast<size_t>(got));
    if (text->size() > max_bytes) return killed(Outcome::kTooMuch);
  }
  if (AwaitEnd(limit)) return Outcome::kEnded;  // it has closed its stdout: it is about to end
  return killed(Cancelled(limit) ? Outcome::kCancelled : Outcome::kLate);
}

bool ChildProcess::Reap() {
  if (pid_ <= 0) return true;
  const pid_t done = waitpid(pid_, &status_, WNOHANG);
  if (done == 0 || (done < 0 && errno == EINTR)) return false;
  pid_ = -1;
  return true;
}

bool ChildProcess::AwaitEnd(const WaitLimit& limit) {
  while (!Reap()) {
    if (Cancelled(limit) || SystemClock().MonotonicNs() >= limit.deadline_ns) return false;
    Readable(-1, kEndNs, limit);
  }
  return true;
}

void ChildProcess::Terminate(int64_t grace_ns) {
  if (pid_ <= 0) return;
  kill(-pid_, SIGTERM);
  const int64_t until_ns = SystemClock().MonotonicNs() + grace_ns;
  siginfo_t ended{};
  // Not reaped yet: until it is, its number is its group's and nobody else's.
  while (SystemClock().MonotonicNs() < until_ns) {
    if (waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == pid_) break;
    PollFor(nullptr, 0, kEndNs);
  }
  Kill();
}

void ChildProcess::Kill() {
  if (pid_ <= 0) return;
  kill(-pid_, SIGKILL);
  while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace parallax::net
