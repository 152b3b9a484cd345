#include "tests/e2e/child_run.h"

#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace parallax::e2e {
namespace {

int Unlinked() {
  std::string path = "/tmp/parallax_child_XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  unlink(path.c_str());
  return fd;
}

std::string ReadAll(int fd) {
  std::string all;
  lseek(fd, 0, SEEK_SET);
  char buffer[65536];
  for (ssize_t got = 0; (got = read(fd, buffer, sizeof(buffer))) > 0;) all.append(buffer, static_cast<size_t>(got));
  close(fd);
  return all;
}

// A namespace of its own with loopback up (netdevice(7), SIOCSIFFLAGS).
bool OwnNetwork() {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof(request.ifr_name) - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  close(fd);
  return up;
}

}  // namespace

Child::Child(const std::vector<std::string>& words, const ChildOptions& options) : out_(Unlinked()), err_(Unlinked()) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : options.environment) variables.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  std::vector<std::string> copies = words;
  std::vector<char*> arguments;
  for (std::string& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::fflush(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  if (options.own_network && !OwnNetwork()) _exit(kNoNetworkOfOurOwn);
  alarm(static_cast<unsigned>(options.seconds));  // outlives execve(2)
  int out = out_;
  int pipe_ends[2];
  if (options.stdout_is_gone && pipe(pipe_ends) == 0) {
    close(pipe_ends[0]);
    out = pipe_ends[1];
  }
  if (options.stdout_is_full && pipe(pipe_ends) == 0) {
    // Its reader lives as long as we do: the child's own copy.
    fcntl(pipe_ends[1], F_SETFL, O_NONBLOCK);
    const char byte = 0;
    while (write(pipe_ends[1], &byte, 1) == 1) {
    }
    fcntl(pipe_ends[1], F_SETFL, 0);
    out = pipe_ends[1];
  }
  dup2(out, STDOUT_FILENO);
  dup2(err_, STDERR_FILENO);
  dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
  if (options.max_file_bytes >= 0) {
    const rlimit limit = {static_cast<rlim_t>(options.max_file_bytes), static_cast<rlim_t>(options.max_file_bytes)};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  for (const auto& [resource, most] : options.limits) {
    const rlimit limit = {static_cast<rlim_t>(most), static_cast<rlim_t>(most)};
    setrlimit(resource, &limit);
  }
  if (options.user != 0 && (setgroups(0, nullptr) != 0 || setresuid(options.user, options.user, options.user) != 0)) {
    _exit(127);
  }
  execve(arguments[0], arguments.data(), environment.data());
  _exit(127);
}

ChildResult Child::Wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  ChildResult result;
  result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = ReadAll(out_);
  result.err = ReadAll(err_);
  return result;
}

ChildResult RunChild(const std::vector<std::string>& words, const ChildOptions& options) {
  return Child(words, options).Wait();
}

}  // namespace parallax::e2e
