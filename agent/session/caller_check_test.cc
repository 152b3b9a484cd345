#include "agent/session/caller_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace parallax::session {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kToken(40, 't');

TEST(CallerCheck, OnlyTheTokenOpens) {
  const CallerCheck callers(kToken);
  EXPECT_TRUE(callers.Admit("Bearer " + kToken, "peer").ok());
  for (const std::string& shown :
       {"Bearer " + kToken + "t", "Bearer " + kToken.substr(1), std::string("Bearer "), std::string("Bearer"), kToken,
        "bearer " + kToken, "Basic " + kToken, std::string()}) {
    EXPECT_EQ(callers.Admit(shown, "peer").code(), absl::StatusCode::kUnauthenticated) << shown;
  }
  EXPECT_EQ(callers.Admit(std::nullopt, "peer").code(), absl::StatusCode::kUnauthenticated);
}

TEST(CallerCheck, WhoIsSentAwayLearnsTheFlagAndNothingElse) {
  const CallerCheck callers(kToken);
  EXPECT_THAT(std::string(callers.Admit(std::nullopt, "peer").message()),
              AllOf(HasSubstr("wants a token"), HasSubstr("--agent-token-from"), HasSubstr("--token-file"),
                    Not(HasSubstr(kToken))));
  EXPECT_THAT(std::string(callers.Admit("Bearer hunter2", "peer").message()),
              AllOf(HasSubstr("another token"), Not(HasSubstr("hunter2")), Not(HasSubstr(kToken))));
}

TEST(CallerCheck, WithoutOneEverybodyWhoReachesItIsIn) {
  EXPECT_TRUE(CallerCheck("").Admit(std::nullopt, "peer").ok());
}

TEST(CallerCheck, AFloodIsOneLineInTheLog) {
  std::vector<std::string> lines;
  const CallerCheck callers(kToken, [&](const std::string& line) { lines.push_back(line); });
  for (int i = 0; i < 1000; ++i) callers.Admit("Bearer hunter2", "ipv4:127.0.0.1:4711").IgnoreError();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("127.0.0.1:4711"), Not(HasSubstr("hunter2")), Not(HasSubstr(kToken))));
}

TEST(RareLog, WhatWasKeptBackIsCounted) {
  RareLog rare(seconds(10));
  const RareLog::Clock::time_point start;
  EXPECT_EQ(rare.Next(start), 0U);
  EXPECT_EQ(rare.Next(start + seconds(1)), std::nullopt);
  EXPECT_EQ(rare.Next(start + seconds(9)), std::nullopt);
  EXPECT_EQ(rare.Next(start + seconds(10)), 2U);
  EXPECT_EQ(rare.Next(start + seconds(20)), 0U);
}

}  // namespace
}  // namespace parallax::session
