#include "tests/bench/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace parallax::bench {

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const std::vector<std::string>& words, int stdio_fd,
                                                        const std::string& stderr_path) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    if (stdio_fd >= 0) {
      posix_spawn_file_actions_adddup2(&actions, stdio_fd, fd);
    } else {
      posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    }
  }
  if (!stderr_path.empty()) {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, stderr_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::NotFoundError(absl::StrCat("cannot start ", words[0], ": ", strerror(error)));
  return std::unique_ptr<Process>(new Process(pid));
}

Process::~Process() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  Wait();
}

double Process::CpuSeconds() const {
  clockid_t clock{};
  timespec spent{};
  if (pid_ == 0 || clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &spent) != 0) return 0;
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

size_t Process::ResidentKb() const {
  std::ifstream rollup(absl::StrCat("/proc/", pid_, "/smaps_rollup"));
  std::string word;
  size_t kb = 0;
  while (rollup >> word) {
    if (word == "Rss:" && rollup >> kb) return kb;
  }
  return 0;
}

int Process::Wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace parallax::bench
