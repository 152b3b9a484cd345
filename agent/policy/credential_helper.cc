#include "agent/policy/credential_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "contract/descriptors.h"
#include "contract/limits.h"
#include "contract/shell_words.h"

extern char** environ;

namespace parallax::policy {
namespace {

using SteadyClock = std::chrono::steady_clock;

int64_t MsUntil(SteadyClock::time_point deadline) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
}

// Starts `words` with its stdout on `out`, in a process group of its own. 0, or an errno.
int Spawn(const std::vector<std::string>& words, int out, pid_t* pid) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);

  // The agent blocks and ignores signals; a helper must be killable and die of a broken pipe as any program does.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  const int error = posix_spawnp(pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

enum class ReadEnd { kEof, kTooMuch, kTimeout, kCancelled };

// A wait that `patience` bounds.
class Wait {
 public:
  explicit Wait(const Patience& patience)
      : patience_(patience),
        timeout_ms_(std::clamp<int64_t>(patience.timeout_ms, 0, kHelperTimeoutMs)),
        deadline_(SteadyClock::now() + std::chrono::milliseconds(timeout_ms_)) {}

  int64_t timeout_ms() const { return timeout_ms_; }
  bool late() const { return MsUntil(deadline_) <= 0; }
  bool cancelled() const { return patience_.cancelled && patience_.cancelled(); }

  // Blocks until `fd` (-1: none) is readable, it is cancelled, or `at_most_ms` passed.
  bool Readable(int fd, int64_t at_most_ms) const {
    int64_t slice_ms = std::min(at_most_ms, std::max<int64_t>(0, MsUntil(deadline_)) + 1);
    if (patience_.cancelled && patience_.cancel_fd < 0) slice_ms = std::min<int64_t>(slice_ms, 50);
    pollfd waits[] = {{fd, POLLIN, 0}, {patience_.cancel_fd, POLLIN, 0}};
    return poll(waits, 2, static_cast<int>(slice_ms)) > 0 && waits[0].revents != 0;
  }

 private:
  const Patience& patience_;
  const int64_t timeout_ms_;
  const SteadyClock::time_point deadline_;
};

ReadEnd ReadAll(int fd, const Wait& wait, std::string* text) {
  char buffer[4096];
  for (;;) {
    if (wait.cancelled()) return ReadEnd::kCancelled;
    if (wait.late()) return ReadEnd::kTimeout;
    if (!wait.Readable(fd, 1'000)) continue;
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return ReadEnd::kEof;
    text->append(buffer, static_cast<size_t>(got));
    if (text->size() > kMaxSecretBytes) return ReadEnd::kTooMuch;
  }
}

// Waits for the child as long as `wait` has patience (null: not at all), then kills its group; always reaps. The wait
// status, or -1 when it was killed.
int Reap(pid_t pid, const Wait* wait) {
  int status = 0;
  for (;;) {
    const pid_t done = waitpid(pid, &status, WNOHANG);
    if (done == pid || (done < 0 && errno != EINTR)) return done == pid ? status : 0;
    if (wait == nullptr || wait->late() || wait->cancelled()) break;
    wait->Readable(-1, 2);  // it has closed its stdout: it is about to end
  }
  kill(-pid, SIGKILL);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return -1;
}

}  // namespace

std::string WithoutTrailingNewline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

absl::StatusOr<std::string> RunCredentialHelper(std::string_view command, const Patience& patience) {
  auto words = contract::SplitShellWords(command);
  if (!words.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the credential helper's command: ", words.status().message()));
  }
  const std::string name = contract::Printable((*words)[0], 80);
  int ends[2];
  if (!contract::OpenPipe(ends)) {
    return absl::ResourceExhaustedError(absl::StrCat("credential helper '", name, "': no pipe: ", strerror(errno)));
  }
  pid_t pid = -1;
  const int error = Spawn(*words, ends[1], &pid);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return absl::NotFoundError(absl::StrCat("credential helper '", name, "' cannot be started on the agent's host: ",
                                            strerror(error), ": install it there, or write its full path"));
  }
  const Wait wait(patience);
  std::string text;
  const ReadEnd end = ReadAll(ends[0], wait, &text);
  close(ends[0]);
  const int status = Reap(pid, end == ReadEnd::kEof ? &wait : nullptr);
  if (end == ReadEnd::kTooMuch) {
    return absl::InvalidArgumentError(
        absl::StrCat("credential helper '", name, "' printed more than ", kMaxSecretBytes, " bytes"));
  }
  if (end == ReadEnd::kCancelled || (status == -1 && wait.cancelled())) {
    return absl::CancelledError(absl::StrCat("credential helper '", name, "' was ended: nobody waits for it any more"));
  }
  if (end == ReadEnd::kTimeout || status == -1) {
    return absl::DeadlineExceededError(absl::StrCat("credential helper '", name, "' did not end within ",
                                                    wait.timeout_ms(), " ms: run it by hand on the agent's host"));
  }
  if (WIFSIGNALED(status)) {
    return absl::NotFoundError(absl::StrCat("credential helper '", name, "' died of signal ", WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    return absl::NotFoundError(absl::StrCat("credential helper '", name, "' ended with exit code ", WEXITSTATUS(status),
                                            ": run it by hand on the agent's host"));
  }
  return WithoutTrailingNewline(std::move(text));
}

}  // namespace parallax::policy
