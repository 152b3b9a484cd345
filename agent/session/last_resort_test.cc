#include "agent/session/last_resort.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

namespace parallax::session {
namespace {

[[noreturn]] void Stick() {
  for (;;) pause();
}

TEST(LastResortDeathTest, EndsAProcessThatIsStuckAndSaysSo) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        sigset_t alarm;
        sigemptyset(&alarm);
        sigaddset(&alarm, SIGALRM);
        pthread_sigmask(SIG_BLOCK, &alarm, nullptr);
        const LastResort last(std::chrono::milliseconds(1));
        Stick();
      },
      ::testing::ExitedWithCode(LastResort::kExitCode), "did not end when it was told to");
}

TEST(LastResortDeathTest, LeavesOneAloneThatEndedInTime) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        { const LastResort last(std::chrono::milliseconds(60'000)); }
        // The alarm that would come if it were still armed comes now.
        itimerval left{};
        getitimer(ITIMER_REAL, &left);
        _exit(left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0 ? 7 : 1);
      },
      ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace parallax::session
