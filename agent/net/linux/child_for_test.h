// For tests: a process of its own that plays a server or a tunnel; killed when this goes out of scope.
#ifndef PARALLAX_AGENT_NET_CHILD_FOR_TEST_H_
#define PARALLAX_AGENT_NET_CHILD_FOR_TEST_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>

namespace parallax::net {

class Child {
 public:
  // `body` gets one end of a socket pair, whose other end is fd().
  explicit Child(const std::function<void(int)>& body) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    std::fflush(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      alarm(60);  // outlives nobody for long
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(ends[0]);
      body(ends[1]);
      _exit(0);
    }
    close(ends[1]);
    fd_ = ends[0];
  }
  ~Child() {
    End();
    close(fd_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void End() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  // Stops it, and returns when it has stopped.
  void Freeze() const {
    kill(pid_, SIGSTOP);
    int status = 0;
    waitpid(pid_, &status, WUNTRACED);
    EXPECT_TRUE(WIFSTOPPED(status));
  }
  // Blocks until the body wrote a byte.
  void AwaitReady() const {
    char byte = 0;
    EXPECT_EQ(read(fd_, &byte, 1), 1) << "the child ended before it was ready";
  }
  void Tell() const { EXPECT_EQ(write(fd_, "x", 1), 1); }
  int fd() const { return fd_; }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  int fd_ = -1;
};

inline sockaddr_in TestAddress(const std::string& address, uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  return to;
}

// A listener on address:port (0: any); `*port` becomes the real one.
inline int Listen(const std::string& address, uint16_t* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  sockaddr_in at = TestAddress(address, *port);
  socklen_t size = sizeof(at);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&at), size), 0) << address;
  EXPECT_EQ(listen(fd, 64), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  *port = ntohs(at.sin_port);
  return fd;
}

// A connection to address:port; with `wait` false it may still be in SYN-SENT.
inline int Connect(const std::string& address, uint16_t port, bool wait = true) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0);
  const sockaddr_in to = TestAddress(address, port);
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  EXPECT_TRUE(result == 0 || !wait) << address;
  return fd;
}

// Accepts for ever and gives every connection to a real sshd in inetd mode, with the host key of that file.
[[noreturn]] inline void ServeSshd(int listener, const std::string& key) {
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fork() != 0) {
      close(fd);
      continue;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(fd, 0);
    dup2(fd, 1);
    execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-i", "-f", "/dev/null", "-h", key.c_str(), "-o", "UsePAM=no", nullptr);
    _exit(127);
  }
}

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_CHILD_FOR_TEST_H_
