#include "contract/no_core_file.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace parallax::contract {
namespace {

// The wait status of a child that runs `body` where a core file could be written, and then dies by SIGABRT.
int StatusOf(void (*body)()) {
  const pid_t child = fork();
  if (child == 0) {
    if (chdir("/tmp") != 0) _exit(3);
    prctl(PR_SET_DUMPABLE, 1);
    const rlimit as_much = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_CORE, &as_much);
    body();
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(NoCoreFile, AProcessThatDiesLeavesNone) {
  for (void (*body)() : {&LeaveNoCoreFile, &BeUnreadable}) {
    const int status = StatusOf(body);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_FALSE(WCOREDUMP(status));
  }
}

TEST(NoCoreFile, BothLimitsAreSet) {
  const int status = StatusOf(+[] {
    LeaveNoCoreFile();
    rlimit limit{1, 1};
    getrlimit(RLIMIT_CORE, &limit);
    _exit(limit.rlim_cur == 0 && limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace parallax::contract
