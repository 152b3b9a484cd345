// For tests: a body that runs in a forked child with a network namespace of its own, loopback up and nothing else in
// it. What the body expects is reported by the child's exit status; its text goes to the test's output.
#ifndef PARALLAX_AGENT_NET_OWN_NAMESPACE_FOR_TEST_H_
#define PARALLAX_AGENT_NET_OWN_NAMESPACE_FOR_TEST_H_

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

namespace parallax::net {

// Runs a shell line; the test fails when it does.
inline void Shell(const std::string& line) { ASSERT_EQ(std::system(line.c_str()), 0) << line; }

inline void InOwnNamespace(const std::function<void()>& body) {
  if (geteuid() != 0) GTEST_SKIP() << "a network namespace of its own needs root";
  std::fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60);  // whatever hangs, hangs no longer than this
    if (unshare(CLONE_NEWNET) != 0) {
      std::perror("unshare");
      _exit(2);
    }
    Shell("ip link set lo up");
    body();
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "see above what failed in the namespace";
}

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_OWN_NAMESPACE_FOR_TEST_H_
