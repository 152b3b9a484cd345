#include "controller/conduct/experiment_steps.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

namespace parallax::conduct {
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

// A pipe with a name, over which a command says that it has come so far.
class Fifo {
 public:
  Fifo() : folder_(Folder()) { EXPECT_EQ(mkfifo(path().c_str(), 0600), 0); }
  ~Fifo() { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/said"; }
  // Blocks until a line is written.
  std::string Read() const {
    std::string line;
    std::ifstream pipe(path());
    std::getline(pipe, line);
    return line;
  }

 private:
  static std::string Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parallax_fifo_XXXXXX").string();
    return mkdtemp(pattern.data());
  }
  const std::string folder_;
};

// What the command started ignores SIGTERM, and the command itself does not.
TEST(ExperimentSteps, WhatIsLeftOfACommandThatIsEndedIsKilled) {
  const Fifo fifo;
  std::atomic<bool> interrupted{false};
  int child = -1;
  std::thread person([&] {
    child = static_cast<int>(syscall(SYS_pidfd_open, std::stoi(fifo.Read()), 0));
    interrupted = true;
  });
  const std::string words =
      absl::StrCat("sh -c 'trap \"\" TERM; sleep 600 & trap - TERM; echo $! >", fifo.path(), "; exec sleep 601'");
  EXPECT_EQ(CarryOut(Command(words), "before", interrupted).error(), "interrupted");
  person.join();
  ASSERT_GE(child, 0);
  pollfd ended = {child, POLLIN, 0};
  EXPECT_EQ(poll(&ended, 1, 10'000), 1) << "it goes on";
  close(child);
}

TEST(ExperimentSteps, ACommandThatWaitsForTheTerminalIsNotWaitedFor) {
  const std::atomic<bool> interrupted{false};
  for (const char* stop : {"TTIN", "TTOU"}) {
    const v1::StepResult asks = CarryOut(Command(absl::StrCat("sh -c 'kill -", stop, " $$'")), "before", interrupted);
    EXPECT_THAT(asks.error(), HasSubstr("it waits for the terminal, which steps do not have"));
  }
}

TEST(ExperimentSteps, TheDeadlineOfTheWholeBoundsAStepToo) {
  const std::atomic<bool> interrupted{false};
  const Keyboard keyboard;
  const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  EXPECT_THAT(CarryOut(Command("sleep 600"), "before", interrupted, soon).error(),
              HasSubstr("it had not ended when the deadline: of the whole experiment came"));
  EXPECT_THAT(CarryOut(Pause(), "change", interrupted, soon).error(),
              HasSubstr("nobody had pressed enter when the deadline:"));
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

// At a terminal, too, where a line waits to be read that was typed while nothing was asked.
TEST(ExperimentSteps, AnEnterFromBeforeIsNoAnswer) {
  const std::atomic<bool> interrupted{false};
  const int person = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_EQ(grantpt(person), 0);
  ASSERT_EQ(unlockpt(person), 0);
  const int terminal = open(ptsname(person), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(terminal, 0);
  const int before = dup(STDIN_FILENO);
  dup2(terminal, STDIN_FILENO);
  ASSERT_EQ(write(person, "\n", 1), 1);
  pollfd typed = {terminal, POLLIN, 0};
  ASSERT_EQ(poll(&typed, 1, 10'000), 1);
  EXPECT_THAT(CarryOut(Pause(50), "change", interrupted).error(), HasSubstr("nobody had pressed enter"));
  dup2(before, STDIN_FILENO);
  for (const int fd : {before, terminal, person}) close(fd);
}

TEST(ExperimentSteps, WhatWillNeverBeIsKnownBefore) {
  EXPECT_EQ(WhyNever(Command("true --anything")), "");
  EXPECT_EQ(WhyNever(Command("/bin/sh -c true")), "");
  EXPECT_THAT(WhyNever(Command("/nonexistent/toggle on")), HasSubstr("is /nonexistent/toggle installed and in PATH?"));
  EXPECT_THAT(WhyNever(Command("no-such-program-of-ours")), HasSubstr("it cannot be started"));
  Keyboard keyboard;
  EXPECT_EQ(WhyNever(Pause()), "");
  keyboard.Type("\n");
  keyboard.Leave();
  EXPECT_EQ(WhyNever(Pause()), "") << "an enter waits to be read";
  const int before = dup(STDIN_FILENO);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  EXPECT_THAT(WhyNever(Pause()), HasSubstr("nobody can press enter"));
  close(STDIN_FILENO);
  EXPECT_THAT(WhyNever(Pause()), HasSubstr("nobody can press enter"));
  dup2(before, STDIN_FILENO);
  for (const int fd : {before, null}) close(fd);
}

TEST(ExperimentSteps, APersonWhoNeverPressesEnterIsNotWaitedForForEver) {
  const std::atomic<bool> interrupted{false};
  Keyboard keyboard;
  EXPECT_THAT(CarryOut(Pause(50), "change", interrupted).error(),
              HasSubstr("nobody had pressed enter after 50ms (timeout:"));
  keyboard.Leave();
  EXPECT_THAT(CarryOut(Pause(), "change", interrupted).error(), HasSubstr("nobody can press enter"));
  std::atomic<bool> over{true};
  EXPECT_EQ(CarryOut(Pause(), "change", over).error(), "interrupted");
}

}  // namespace
}  // namespace parallax::conduct
