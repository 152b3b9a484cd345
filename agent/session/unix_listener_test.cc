#include "agent/session/unix_listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <functional>

#include "contract/unix_socket.h"

namespace parallax::session {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Opened = absl::StatusOr<std::unique_ptr<UnixListener>>;
std::string Words(const Opened& opened) { return std::string(opened.status().message()); }

bool Connects(const std::string& path) {
  const auto fd = contract::ConnectUnix(path);
  if (fd.ok()) close(*fd);
  return fd.ok();
}

// What `act` gives in a child; with another uid, where we are root.
int InChild(bool other_user, const std::function<int()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    if (other_user && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(99);
    _exit(act());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class UnixListenerTest : public ::testing::Test {
 protected:
  UnixListenerTest() {
    char folder[] = "/tmp/parallax-listener-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/agent.sock";
  }
  ~UnixListenerTest() override {
    unlink(path_.c_str());
    rmdir(folder_.c_str());
  }
  mode_t Mode() const {
    struct stat facts {};
    EXPECT_EQ(lstat(path_.c_str(), &facts), 0);
    return facts.st_mode & 07777;
  }
  // A socket that its agent left behind.
  void LeaveOneBehind() {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    const sockaddr_un address = contract::UnixAddress(path_);
    ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(listen(fd, 1), 0);
    close(fd);
  }
  std::string folder_;
  std::string path_;
};

TEST_F(UnixListenerTest, ItsFileHasTheModeThatWasAskedForWhateverTheUmask) {
  for (const mode_t mask : {0, 022, 077}) {
    for (const mode_t mode : {0600, 0660}) {
      const mode_t before = umask(mask);
      const Opened opened = UnixListener::Open(path_, mode);
      umask(before);
      ASSERT_TRUE(opened.ok()) << opened.status();
      EXPECT_EQ(Mode(), mode) << mask;
      EXPECT_TRUE(Connects(path_));
      const int caller = (*opened)->Accept();
      EXPECT_GE(caller, 0);
      close(caller);
    }
    EXPECT_NE(access(path_.c_str(), F_OK), 0) << "it is removed with its listener";
  }
}

// Another process looks all the while: no file that it sees there is wider than asked, though the umask is.
TEST_F(UnixListenerTest, ItsFileIsNeverWiderNotForAnInstant) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const pid_t watcher = fork();
  if (watcher == 0) {
    close(ends[1]);
    for (char byte = 0; read(ends[0], &byte, 1) < 0 && errno == EAGAIN;) {
      struct stat facts {};
      if (lstat(path_.c_str(), &facts) == 0 && (facts.st_mode & 0177) != 0) _exit(1);
    }
    _exit(0);
  }
  close(ends[0]);
  const mode_t before = umask(0);
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(UnixListener::Open(path_, 0600).ok());
  umask(before);
  close(ends[1]);
  int status = -1;
  waitpid(watcher, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(UnixListenerTest, OnlyItsUserConnects) {
  if (geteuid() != 0) return;  // another user cannot be had; the modes are tested above
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  const Opened opened = UnixListener::Open(path_, 0600);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(InChild(false, [&] { return Connects(path_) ? 1 : 0; }), 1);
  EXPECT_EQ(InChild(true, [&] { return Connects(path_) ? 1 : 0; }), 0);
}

TEST_F(UnixListenerTest, OneThatADeadAgentLeftIsReplacedAndALivingOneIsNot) {
  LeaveOneBehind();
  Opened first = UnixListener::Open(path_, 0600);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(Connects(path_));
  const Opened second = UnixListener::Open(path_, 0600);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Words(second), AllOf(HasSubstr("another agent listens"), HasSubstr("--listen")));
  EXPECT_TRUE(Connects(path_)) << "the first is still there";
}

TEST_F(UnixListenerTest, WhatIsNoSocketStays) {
  std::ofstream(path_) << "mine";
  EXPECT_THAT(Words(UnixListener::Open(path_, 0600)), HasSubstr("something else than a socket"));
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
  unlink(path_.c_str());
  ASSERT_EQ(symlink("/nowhere/agent.sock", path_.c_str()), 0);
  EXPECT_THAT(Words(UnixListener::Open(path_, 0600)), HasSubstr("something else than a socket"));
  EXPECT_THAT(Words(UnixListener::Open(folder_ + "/none/agent.sock", 0600)), HasSubstr("No such file"));
}

TEST_F(UnixListenerTest, AnothersSocketInItsPlaceIsNotRemovedAtTheEnd) {
  Opened opened = UnixListener::Open(path_, 0600);
  ASSERT_TRUE(opened.ok()) << opened.status();
  unlink(path_.c_str());
  std::ofstream(path_) << "another's";
  opened->reset();
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(UnixListenerTest, AFolderWhereOthersCouldReplaceItIsRefused) {
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  EXPECT_EQ(UnixListener::Open(path_, 0600).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Words(UnixListener::Open(path_, 0600)), AllOf(HasSubstr(folder_), HasSubstr("mode 0777")));
  ASSERT_EQ(mkdir((folder_ + "/own").c_str(), 0700), 0);
  EXPECT_THAT(Words(UnixListener::Open(folder_ + "/own/agent.sock", 0600)), HasSubstr("mode 0777"))
      << "nor one above it, in which the folder itself could be replaced";
  ASSERT_EQ(rmdir((folder_ + "/own").c_str()), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 01777), 0);
  EXPECT_TRUE(UnixListener::Open(path_, 0600).ok()) << "sticky, like /tmp";
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  if (geteuid() != 0) return;
  ASSERT_EQ(chown(folder_.c_str(), 65534, 65534), 0);
  EXPECT_THAT(Words(UnixListener::Open(path_, 0600)), HasSubstr("uid 65534"));
}

TEST_F(UnixListenerTest, ALinkOnTheWayIsAsSafeAsTheFolderThatHoldsIt) {
  const std::string safe = folder_ + "/safe";
  const std::string open = folder_ + "/open";
  const std::string link = open + "/link";
  ASSERT_EQ(mkdir(safe.c_str(), 0700), 0);
  ASSERT_EQ(mkdir(open.c_str(), 0700), 0);
  ASSERT_EQ(symlink("../safe", link.c_str()), 0);
  EXPECT_TRUE(UnixListener::Open(link + "/../safe/./agent.sock", 0600).ok()) << "nobody else can replace it";
  ASSERT_EQ(chmod(open.c_str(), 0777), 0);
  EXPECT_THAT(Words(UnixListener::Open(link + "/agent.sock", 0600)), AllOf(HasSubstr(open), HasSubstr("mode 0777")));
  ASSERT_EQ(symlink("open/link", (folder_ + "/far").c_str()), 0);
  EXPECT_THAT(Words(UnixListener::Open(folder_ + "/far/agent.sock", 0600)), HasSubstr("mode 0777"));
  ASSERT_EQ(chmod(open.c_str(), 01777), 0);
  EXPECT_TRUE(UnixListener::Open(link + "/agent.sock", 0600).ok()) << "our own link, where it stays ours";
  ASSERT_EQ(symlink("round", (folder_ + "/round").c_str()), 0);
  EXPECT_FALSE(UnixListener::Open(folder_ + "/round/agent.sock", 0600).ok());
  if (geteuid() == 0) {
    ASSERT_EQ(lchown(link.c_str(), 65534, 65534), 0);
    EXPECT_THAT(Words(UnixListener::Open(link + "/agent.sock", 0600)), HasSubstr("uid 65534"));
  }
  for (const std::string& name : {link, folder_ + "/far", folder_ + "/round"}) unlink(name.c_str());
  EXPECT_EQ(rmdir(open.c_str()), 0);
  EXPECT_EQ(rmdir(safe.c_str()), 0);
}

}  // namespace
}  // namespace parallax::session
