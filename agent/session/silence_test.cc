#include "agent/session/silence.h"

#include <gtest/gtest.h>

namespace parallax::session {
namespace {

constexpr int64_t kS = 1'000'000'000;

SilenceLimits Limits() {
  SilenceLimits limits;
  limits.welcome_ms = 10'000;
  limits.idle_ms = 60'000;
  limits.working_ms = 600'000;
  limits.write_ms = 30'000;
  return limits;
}

TEST(Silence, NothingButAWelcomePutsOffTheFirstEnd) {
  Silence silence(Limits(), 100 * kS);
  EXPECT_EQ(silence.DueNs(), 110 * kS);
  silence.Heard(109 * kS);
  silence.Works(true, 109 * kS);
  EXPECT_EQ(silence.DueNs(), 110 * kS) << "a stranger that pings is one all the same";
  EXPECT_EQ(silence.Why(111 * kS), "the controller said nothing for 11 s after Hello");
  silence.Works(false, 109 * kS);
  silence.Welcomed(109 * kS);
  EXPECT_EQ(silence.DueNs(), 169 * kS);
}

TEST(Silence, WhoSpeaksNowAndThenStays) {
  Silence silence(Limits(), 0);
  silence.Welcomed(1 * kS);
  int64_t now = 1 * kS;
  for (int i = 0; i < 1000; ++i) {
    now += 59 * kS;
    ASSERT_LT(now, silence.DueNs());
    silence.Heard(now);
  }
  EXPECT_EQ(silence.DueNs(), now + 60 * kS);
  EXPECT_EQ(silence.Why(now + 61 * kS), "the controller said nothing for 61 s");
}

TEST(Silence, WorkGivesMoreTimeAndItsEndBeginsAnew) {
  Silence silence(Limits(), 0);
  silence.Welcomed(0);
  silence.Works(true, 10 * kS);
  EXPECT_EQ(silence.DueNs(), 610 * kS);
  silence.Works(false, 500 * kS);
  EXPECT_EQ(silence.DueNs(), 560 * kS);
}

TEST(Silence, WhoReadsNothingIsEndedWhileItSpeaks) {
  Silence silence(Limits(), 0);
  silence.Welcomed(0);
  silence.Writes(true, 5 * kS);
  silence.Heard(34 * kS);
  EXPECT_EQ(silence.DueNs(), 35 * kS);
  EXPECT_EQ(silence.Why(36 * kS), "the controller read nothing for 31 s");
  silence.Writes(false, 34 * kS);
  EXPECT_EQ(silence.DueNs(), 94 * kS);
}

}  // namespace
}  // namespace parallax::session
