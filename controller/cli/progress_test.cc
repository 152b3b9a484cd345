#include "controller/cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace parallax::cli {
namespace {

using ::testing::ElementsAre;

TEST(ProgressWords, TellWhatGoesOnWhere) {
  std::vector<std::string> lines;
  ProgressWords words([&](std::string_view line) { lines.emplace_back(line); });
  words.SideStarts("inside", "exec: ssh app-host");
  words.SideIsReady("inside", "0.1.0");
  words.SideIsMissing("outside", "it ended with exit code 3");
  words.AgentIsCopied("inside");
  words.AttemptBegins({"probe", 2, 3});
  words.ProbeIsAnswered({"inside", "tcp", {"probe", 2, 3}, 4, 12});
  EXPECT_THAT(lines, ElementsAre("inside: starting exec: ssh app-host", "inside: agent 0.1.0 is there",
                                 "outside: missing: it ended with exit code 3", "inside: copying the agent",
                                 "probe: attempt 2 of 3", "attempt 2 of 3: 4 of 12 answers"));
}

TEST(ProgressWords, ALineOfAnExperimentSaysWhichRunItIs) {
  std::vector<std::string> lines;
  ProgressWords words([&](std::string_view line) { lines.emplace_back(line); });
  words.ExperimentRunBegins({2, 12, "before", "sslmode=require"});
  words.AttemptBegins({"names", 1, 1});
  words.ExperimentRunBegins({3, 0, "", ""});
  EXPECT_THAT(lines, ElementsAre("run 2 of 12, before, sslmode=require",
                                 "run 2 of 12, before, sslmode=require: names: attempt 1 of 1", "run 3"));
}

// The command of a step writes there, and ssh asks there.
TEST(ProgressWords, MakeRoomForWhoeverElseSpeaks) {
  std::vector<std::string> lines;
  ProgressWords words([&](std::string_view line) { lines.emplace_back(line); });
  words.ExperimentRunBegins({1, 2, "", ""});
  words.PersonIsAsked("inside");
  words.StepBegins({}, "after");
  EXPECT_THAT(lines, ElementsAre("run 1 of 2", "", ""));
}

}  // namespace
}  // namespace parallax::cli
