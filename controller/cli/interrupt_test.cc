#include "controller/cli/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "controller/cli/exit_codes.h"

namespace parallax::cli {
namespace {

class InterruptDeathTest : public ::testing::Test {
 protected:
  InterruptDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void Stick() {
  for (;;) pause();
}

TEST_F(InterruptDeathTest, TheFirstSetsAFlagAndABoundAlsoWhereItWasBlocked) {
  EXPECT_EXIT(
      {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
        const Interrupt interrupt;
        raise(SIGTERM);
        const unsigned left = alarm(0);
        _exit(interrupt.flag() && left > 0 && left <= Interrupt::kSeconds ? 7 : 1);
      },
      ::testing::ExitedWithCode(7), "");
}

TEST_F(InterruptDeathTest, WhatHangsPastTheBoundIsEndedInWords) {
  EXPECT_EXIT(
      {
        const Interrupt interrupt;
        raise(SIGINT);
        raise(SIGALRM);
        Stick();
      },
      ::testing::ExitedWithCode(kExitInterrupted), "something did not end");
}

TEST_F(InterruptDeathTest, TheSecondEndsAtOnce) {
  EXPECT_EXIT(
      {
        const Interrupt interrupt;
        raise(SIGINT);
        raise(SIGTERM);
        Stick();
      },
      ::testing::ExitedWithCode(kExitInterrupted), "");
}

TEST_F(InterruptDeathTest, OnceOnlyTheReportIsLeftTheFirstEndsAtOnce) {
  EXPECT_EXIT(
      {
        Interrupt interrupt;
        interrupt.EndAtOnce();
        raise(SIGTERM);
        Stick();
      },
      ::testing::ExitedWithCode(kExitInterrupted), "");
}

TEST_F(InterruptDeathTest, WhatTakesAnExperimentDownHasNoBound) {
  EXPECT_EXIT(
      {
        Interrupt interrupt;
        raise(SIGTERM);
        interrupt.TakeTime();
        _exit(interrupt.flag() && alarm(0) == 0 ? 7 : 1);
      },
      ::testing::ExitedWithCode(7), "");
}

TEST_F(InterruptDeathTest, CommandsThatKeepNothingEndByTheSignalItself) {
  EXPECT_EXIT(
      {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
        LetSignalsEnd();
        raise(SIGTERM);
        Stick();
      },
      ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace parallax::cli
