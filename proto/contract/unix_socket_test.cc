#include "contract/unix_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <vector>

namespace parallax::contract {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Words(const absl::StatusOr<int>& result) { return std::string(result.status().message()); }

class UnixSocketTest : public ::testing::Test {
 protected:
  UnixSocketTest() {
    char folder[] = "/tmp/parallax-unix-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/agent.sock";
  }
  ~UnixSocketTest() override {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }
  // A bound socket; listening too, when asked.
  int Bind(bool listens) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = UnixAddress(path_);
    EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listens ? listen(fd, 0) : 0, 0);
    return fd;
  }
  std::string folder_;
  std::string path_;
};

TEST(UnixAddress, APathAndNothingElse) {
  EXPECT_EQ(ParseUnixAddress("unix:/run/a.sock").value_or(""), "/run/a.sock");
  EXPECT_EQ(ParseUnixAddress("unix:///run/a.sock").value_or(""), "/run/a.sock");
  EXPECT_EQ(ParseUnixAddress("unix:a.sock").value_or(""), "a.sock");
  for (const char* wrong : {"unix:", "unix://host/a.sock", "unix:/run/", "unix:@agent", "unix:/"}) {
    EXPECT_THAT(std::string(ParseUnixAddress(wrong).status().message()), HasSubstr("unix:PATH")) << wrong;
  }
  EXPECT_TRUE(ParseUnixAddress("unix:" + std::string(107, 'a')).ok());
  EXPECT_THAT(std::string(ParseUnixAddress("unix:" + std::string(108, 'a')).status().message()), HasSubstr("107"));
}

TEST_F(UnixSocketTest, WhatIsNotThereOrListensNoMoreOrIsNoSocket) {
  EXPECT_THAT(Words(ConnectUnix(path_)), AllOf(HasSubstr("no socket " + path_), HasSubstr("parallax-agent serve")));
  close(Bind(false));
  EXPECT_THAT(Words(ConnectUnix(path_)), HasSubstr("nobody listens"));
  EXPECT_TRUE(absl::IsFailedPrecondition(ConnectUnix(path_).status()));
  unlink(path_.c_str());
  std::ofstream(path_) << "x";
  EXPECT_THAT(Words(ConnectUnix(path_)), HasSubstr("is not a socket"));
  EXPECT_THAT(Words(ConnectUnix(path_ + "/deeper")), HasSubstr("no socket"));
}

TEST_F(UnixSocketTest, OneThatListensAndThenIsFull) {
  const int listener = Bind(true);
  const auto first = ConnectUnix(path_);
  ASSERT_TRUE(first.ok()) << first.status();
  absl::StatusOr<int> next = 0;
  std::vector<int> waiting;
  while ((next = ConnectUnix(path_)).ok() && waiting.size() < 100) waiting.push_back(*next);
  EXPECT_THAT(Words(next), HasSubstr("too many wait"));
  for (const int fd : waiting) close(fd);
  close(*first);
  close(listener);
}

TEST(CheckListenerUser, LetsBeUsRootAndWhoOwnsTheFolder) {
  EXPECT_TRUE(CheckListenerUser(1000, 1000, 0, "/tmp/a.sock").ok());
  EXPECT_TRUE(CheckListenerUser(0, 1000, 1000, "/tmp/a.sock").ok());
  EXPECT_TRUE(CheckListenerUser(990, 1000, 990, "/run/agent/a.sock").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(CheckListenerUser(1001, 1000, 0, "/tmp/a.sock")));
  EXPECT_TRUE(absl::IsPermissionDenied(CheckListenerUser(1001, 0, std::nullopt, "/tmp/a.sock")));
  EXPECT_TRUE(absl::IsUnavailable(CheckListenerUser(std::nullopt, 1000, 1000, "/tmp/a.sock")));
}

// A process of another user has put its socket into a folder of ours, which everybody may write.
TEST_F(UnixSocketTest, AnotherUsersProcessIsNotSpokenTo) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  const int listener = Bind(false);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {  // the credentials are those of who calls listen(2)
    close(ends[1]);
    if (setuid(65534) != 0 || listen(listener, 1) != 0) _exit(1);
    char byte = 0;
    _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  close(ends[0]);
  absl::StatusOr<int> connected = absl::FailedPreconditionError("");
  while (absl::IsFailedPrecondition(connected.status())) connected = ConnectUnix(path_);  // until it listens
  EXPECT_TRUE(absl::IsPermissionDenied(connected.status())) << connected.status();
  EXPECT_THAT(Words(connected), HasSubstr("nothing was said to it"));
  close(ends[1]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  close(listener);
}

// Another user: a child that gave its own up. Without root the process itself is denied by the modes.
TEST_F(UnixSocketTest, WhoMayNotIsToldWhoMay) {
  const int listener = Bind(true);
  ASSERT_EQ(chmod(folder_.c_str(), 0711), 0);
  ASSERT_EQ(chmod(path_.c_str(), geteuid() == 0 ? 0600 : 0), 0);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(1);
    const std::string words = Words(ConnectUnix(path_));
    _exit(write(ends[1], words.data(), words.size()) == static_cast<ssize_t>(words.size()) ? 0 : 1);
  }
  close(ends[1]);
  char buffer[2048];
  const ssize_t got = read(ends[0], buffer, sizeof(buffer));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_THAT(std::string(buffer, got > 0 ? got : 0),
              AllOf(HasSubstr("may not connect to " + path_), HasSubstr("is of user"), HasSubstr("and group"),
                    HasSubstr("--socket-mode 0660")));
  close(listener);
}

}  // namespace
}  // namespace parallax::contract
