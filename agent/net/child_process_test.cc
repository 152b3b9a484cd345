#include "agent/net/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "agent/net/cancel.h"
#include "agent/net/clock.h"
#include "agent/net/poll.h"

namespace parallax::net {
namespace {

using Outcome = ChildProcess::Outcome;

ChildOptions Shell(const std::string& line) {
  ChildOptions options;
  options.argv = {"sh", "-c", line};
  return options;
}

WaitLimit Within(int64_t ms) { return {SystemClock().MonotonicNs() + ms * kMs, nullptr, -1}; }

// How many this process has; with `inherited`, those above the standard streams that any child of it gets.
int Descriptors(bool inherited = false) {
  int count = 0;
  for (int fd = inherited ? 3 : 0; fd < 1024; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && (!inherited || (flags & FD_CLOEXEC) == 0)) ++count;
  }
  return count;
}

TEST(ChildProcess, GivesItsOutputAndItsEnd) {
  ChildProcess child;
  ASSERT_EQ(child.Start(Shell("printf told; exit 3")), 0);
  std::string text;
  EXPECT_EQ(child.Collect(100, Within(20'000), &text), Outcome::kEnded);
  EXPECT_EQ(text, "told");
  EXPECT_EQ(WEXITSTATUS(child.status()), 3);
}

TEST(ChildProcess, WhatCannotStartSaysWhy) {
  ChildProcess child;
  ChildOptions options;
  options.argv = {"parallax-no-such-program"};
  EXPECT_EQ(child.Start(options), ENOENT);
}

TEST(ChildProcess, IsKilledPastItsDeadlineItsBytesOrItsCancellation) {
  std::string text;
  ChildProcess late;
  ASSERT_EQ(late.Start(Shell("sleep 60")), 0);
  EXPECT_EQ(late.Collect(100, Within(50), &text), Outcome::kLate);
  ChildProcess large;
  ASSERT_EQ(large.Start(Shell("while :; do echo y; done")), 0);
  EXPECT_EQ(large.Collect(100, Within(20'000), &text), Outcome::kTooMuch);
  CancelToken cancel;
  cancel.Cancel();
  ChildProcess unwanted;
  ASSERT_EQ(unwanted.Start(Shell("sleep 60")), 0);
  const WaitLimit limit = {SystemClock().MonotonicNs() + 20'000 * kMs, [&] { return cancel.cancelled(); }, cancel.fd()};
  EXPECT_EQ(unwanted.Collect(100, limit, &text), Outcome::kCancelled);
  for (const ChildProcess* child : {&late, &large, &unwanted}) EXPECT_EQ(WTERMSIG(child->status()), SIGKILL);
}

// The grandchild holds the pipe open: the end of it tells that it is gone too.
TEST(ChildProcess, TakesWhatItStartedWithIt) {
  for (const bool gently : {false, true}) {
    ChildProcess child;
    ASSERT_EQ(child.Start(Shell("trap 'exit 0' TERM; (trap '' TERM; echo ready; exec sleep 60) & wait")), 0);
    pollfd ready = {child.stdout_fd(), POLLIN, 0};
    ASSERT_EQ(PollFor(&ready, 1, 20'000 * kMs), 1);
    char bytes[16];
    ASSERT_EQ(read(child.stdout_fd(), bytes, sizeof(bytes)), 6);
    if (gently) {
      child.Terminate(20'000 * kMs);
    } else {
      child.Kill();
    }
    ASSERT_EQ(PollFor(&ready, 1, 20'000 * kMs), 1);
    EXPECT_EQ(read(child.stdout_fd(), bytes, sizeof(bytes)), 0) << "somebody still holds its stdout";
  }
}

TEST(ChildProcess, ReadsWhatItIsFed) {
  ChildOptions options = Shell("cat; cat no-such-file");
  options.feed_stdin = true;
  options.read_stderr = true;
  options.environment = std::vector<std::string>{"PATH=/usr/bin:/bin"};
  ChildProcess child;
  ASSERT_EQ(child.Start(options), 0);
  ASSERT_EQ(contract::SendSome(child.stdin_fd(), "fed"), 3);
  child.CloseStdin();
  std::string text;
  EXPECT_EQ(child.Collect(100, Within(20'000), &text), Outcome::kEnded);
  EXPECT_EQ(text, "fed");
  char words[200];
  EXPECT_GT(read(child.stderr_fd(), words, sizeof(words)), 0);
}

TEST(ChildProcess, HasTheEnvironmentThatItIsGivenAndNoOther) {
  ChildOptions options;
  options.argv = {"env"};
  options.path = "/usr/bin/env";
  options.environment = std::vector<std::string>{"FIRST=of two that are long enough to be on the heap", "SECOND="};
  ChildProcess child;
  ASSERT_EQ(child.Start(options), 0);
  std::string text;
  EXPECT_EQ(child.Collect(1000, Within(20'000), &text), Outcome::kEnded);
  EXPECT_EQ(text, "FIRST=of two that are long enough to be on the heap\nSECOND=\n");
}

TEST(ChildProcess, NeitherLeavesNorHandsOnADescriptor) {
  int ours[2];
  ASSERT_TRUE(contract::OpenPipe(ours));
  const contract::Descriptor kept(ours[0]);
  const contract::Descriptor other(ours[1]);
  const int before = Descriptors();
  {
    ChildProcess child;
    ASSERT_EQ(child.Start(Shell("ls /dev/fd")), 0);
    std::string text;
    EXPECT_EQ(child.Collect(1000, Within(20'000), &text), Outcome::kEnded);
    // The standard streams, the folder that ls reads, and what whoever started this test left open.
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4 + Descriptors(/*inherited=*/true)) << text;
  }
  EXPECT_EQ(Descriptors(), before);
}

}  // namespace
}  // namespace parallax::net
