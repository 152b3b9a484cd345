#include "controller/cli/experiment_steps.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"

namespace parallax::cli {
namespace {

using ::testing::HasSubstr;

v1::ExperimentStep Command(const std::string& words, int64_t timeout_ms = 30'000) {
  v1::ExperimentStep step;
  step.set_command(words);
  step.set_timeout_ms(timeout_ms);
  return step;
}

v1::ExperimentStep Pause(int64_t timeout_ms = 30'000) {
  v1::ExperimentStep step;
  step.set_pause("press enter");
  step.set_timeout_ms(timeout_ms);
  return step;
}

// A person at standard input, for as long as it lives.
class Keyboard {
 public:
  Keyboard() : before_(dup(STDIN_FILENO)) {
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0);
    dup2(ends_[0], STDIN_FILENO);
  }
  ~Keyboard() {
    dup2(before_, STDIN_FILENO);
    for (const int fd : {before_, ends_[0], ends_[1]}) {
      if (fd >= 0) close(fd);
    }
  }
  void Type(std::string_view text) const {
    EXPECT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void Leave() {
    close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  const int before_;
  std::array<int, 2> ends_{};
};

TEST(ExperimentSteps, ACommandIsDoneWhenItEndsWell) {
  const std::atomic<bool> interrupted{false};
  const v1::StepResult done = CarryOut(Command("true"), "before", interrupted);
  EXPECT_EQ(done.error(), "");
  EXPECT_EQ(done.part(), "before");
  EXPECT_THAT(CarryOut(Command("sh -c 'echo no; exit 7'"), "change", interrupted).error(),
              HasSubstr("exit code 7: no"));
  EXPECT_THAT(CarryOut(Command("sh -c 'kill -9 $$'"), "change", interrupted).error(), HasSubstr("killed by signal 9"));
}

// What a step starts and leaves behind keeps its output open; the step is done all the same.
TEST(ExperimentSteps, WhatACommandLeavesRunningIsNotWaitedFor) {
  const std::atomic<bool> interrupted{false};
  const auto begun = std::chrono::steady_clock::now();
  std::string pattern = (std::filesystem::temp_directory_path() / "parallax_step_XXXXXX").string();
  const std::string folder = mkdtemp(pattern.data());
  const v1::StepResult done =
      CarryOut(Command(absl::StrCat("sh -c 'sleep 600 & echo $! >", folder, "/pid'")), "before", interrupted);
  EXPECT_EQ(done.error(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
  pid_t left = 0;
  std::ifstream(folder + "/pid") >> left;
  ASSERT_GT(left, 0);
  EXPECT_EQ(kill(left, SIGKILL), 0) << "it goes on";
  std::filesystem::remove_all(folder);
}

TEST(ExperimentSteps, AnInterruptEndsACommandThatHangs) {
  std::atomic<bool> interrupted{false};
  std::thread person([&] { interrupted = true; });
  EXPECT_EQ(CarryOut(Command("sleep 600"), "before", interrupted).error(), "interrupted");
  person.join();
}

// One that ignores SIGTERM is killed.
TEST(ExperimentSteps, ACommandThatWillNotEndIsEnded) {
  const std::atomic<bool> interrupted{false};
  const v1::StepResult stubborn =
      CarryOut(Command("sh -c 'trap \"\" TERM; while :; do sleep 1; done'", 50), "before", interrupted);
  EXPECT_THAT(stubborn.error(), HasSubstr("it had not ended after 50ms"));
}

TEST(ExperimentSteps, APauseEndsWithALine) {
  const std::atomic<bool> interrupted{false};
  const Keyboard keyboard;
  keyboard.Type("done\n");
  EXPECT_EQ(CarryOut(Pause(), "change", interrupted).error(), "");
}

TEST(ExperimentSteps, APersonWhoNeverPressesEnterIsNotWaitedForForEver) {
  const std::atomic<bool> interrupted{false};
  Keyboard keyboard;
  EXPECT_THAT(CarryOut(Pause(50), "change", interrupted).error(), HasSubstr("nobody pressed enter within 50ms"));
  keyboard.Leave();
  EXPECT_THAT(CarryOut(Pause(), "change", interrupted).error(), HasSubstr("nobody can press enter"));
  std::atomic<bool> over{true};
  EXPECT_EQ(CarryOut(Pause(), "change", over).error(), "interrupted");
}

}  // namespace
}  // namespace parallax::cli
