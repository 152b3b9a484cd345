#include "controller/compare/outcomes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/compare/compared_for_test.h"
#include "controller/compare/words.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::Attempt;
using support::Closed;
using support::Done;
using support::Failed;
using support::Heard;
using support::NoConnect;
using support::Of;
using ::testing::HasSubstr;

TEST(Summarize, NothingIsNotPresent) {
  const v1::SideOutcome outcome = Summary({});
  EXPECT_FALSE(outcome.present());
  EXPECT_FALSE(Fine(outcome));
  EXPECT_EQ(outcome.attempts(), 0U);
}

TEST(Summarize, TimesAreOfTheAttemptsThatItSpeaksOf) {
  const v1::SideOutcome outcome =
      Summary({Of({Done(v1::CONNECT, 41)}), Of({Done(v1::CONNECT, 43)}), Of({Done(v1::CONNECT, 90)})});
  const v1::StepSummary* connect = FindStep(outcome, v1::CONNECT, "");
  ASSERT_NE(connect, nullptr);
  EXPECT_EQ(connect->min_ns(), 41'000'000);
  EXPECT_EQ(connect->median_ns(), 43'000'000);
  EXPECT_EQ(connect->max_ns(), 90'000'000);
  EXPECT_EQ(connect->seen(), 3U);
  EXPECT_EQ(connect->failure(), v1::NONE);
  EXPECT_TRUE(connect->steady());
}

TEST(Summarize, OneFailureAmongSuccessesIsToldAndCounted) {
  const v1::SideOutcome outcome =
      Summary({Of({Done(v1::CONNECT, 41)}), NoConnect(v1::TIMED_OUT, 5000), Of({Done(v1::CONNECT, 41)})});
  EXPECT_FALSE(Fine(outcome));
  EXPECT_FALSE(outcome.steady());
  EXPECT_EQ(outcome.succeeded(), 2U);
  EXPECT_EQ(outcome.failure(), v1::TIMED_OUT);
  EXPECT_EQ(outcome.failed_step(), v1::CONNECT);
  EXPECT_EQ(FindStep(outcome, v1::CONNECT, "")->median_ns(), 5'000'000'000);
  EXPECT_THAT(StepCell(*FindStep(outcome, v1::CONNECT, "")), HasSubstr("(1 of 3)"));
}

TEST(Summarize, TheMostFrequentFailureSpeaks) {
  const v1::SideOutcome outcome =
      Summary({NoConnect(v1::REFUSED, 40), NoConnect(v1::TIMED_OUT, 5000), NoConnect(v1::TIMED_OUT, 5000)});
  EXPECT_EQ(outcome.failure(), v1::TIMED_OUT);
  EXPECT_FALSE(outcome.steady());
}

TEST(Summarize, AResetAndACloseAreOneClass) {
  EXPECT_EQ(FailureClass(v1::RESET), v1::CLOSED);
  EXPECT_EQ(FailureClass(v1::RESET_BEFORE_FIRST_BYTE), v1::CLOSED_BEFORE_FIRST_BYTE);
  EXPECT_EQ(FailureClass(v1::REFUSED), v1::REFUSED);
  const v1::SideOutcome outcome =
      Summary({Closed(v1::SSL_REQUEST, 0.5, 45),
               Of({Done(v1::CONNECT, 0.5), Failed(v1::SSL_REQUEST, v1::RESET_BEFORE_FIRST_BYTE, 45)})});
  EXPECT_TRUE(outcome.steady());
  EXPECT_TRUE(FindStep(outcome, v1::SSL_REQUEST, "")->steady());
}

TEST(Summarize, AnAttemptCountsOnce) {
  Attempt attempt = Of({Done(v1::CONNECT, 1)});
  attempt.set_attempt(1);
  EXPECT_EQ(Summarize("outside", {&attempt, &attempt}).attempts(), 1U);
}

TEST(Summarize, VariantsStandApart) {
  v1::Step padded = Failed(v1::TLS_HANDSHAKE, v1::TIMED_OUT, 5000);
  padded.set_variant("padded");
  const v1::SideOutcome outcome = Summary({Of({Done(v1::CONNECT, 1), Done(v1::TLS_HANDSHAKE, 2), padded})});
  EXPECT_TRUE(Fine(outcome));
  EXPECT_EQ(MainStep(outcome, v1::TLS_HANDSHAKE)->failure(), v1::NONE);
  EXPECT_EQ(FindStep(outcome, v1::TLS_HANDSHAKE, "padded")->failure(), v1::TIMED_OUT);
}

TEST(Judge, EachOfTheSix) {
  const v1::SideOutcome fine = Summary({Of({Done(v1::CONNECT, 1)})});
  const v1::SideOutcome refused = Summary({NoConnect(v1::REFUSED, 1)});
  const v1::SideOutcome closed = Summary({Closed(v1::SSL_REQUEST, 1, 1)});
  const v1::SideOutcome reset =
      Summary({Of({Done(v1::CONNECT, 1), Failed(v1::SSL_REQUEST, v1::RESET_BEFORE_FIRST_BYTE, 1)})});
  const v1::SideOutcome absent = Summary({});
  EXPECT_EQ(Judge(v1::TARGET, &fine, &fine), v1::BOTH_FINE);
  EXPECT_EQ(Judge(v1::TARGET, &refused, &fine), v1::ONLY_INSIDE_FAILED);
  EXPECT_EQ(Judge(v1::TARGET, &fine, &refused), v1::ONLY_OUTSIDE_FAILED);
  EXPECT_EQ(Judge(v1::TARGET, &closed, &reset), v1::BOTH_FAILED_ALIKE);
  EXPECT_EQ(Judge(v1::TARGET, &refused, &closed), v1::BOTH_FAILED_DIFFERENTLY);
  EXPECT_EQ(Judge(v1::TARGET, &fine, &absent), v1::ONE_MISSING);
  EXPECT_EQ(Judge(v1::TARGET, nullptr, &fine), v1::ONE_MISSING);
}

TEST(Judge, APositiveControlIsFineWhenItAnswered) {
  const v1::SideOutcome mute = Summary({Of({Done(v1::CONNECT, 0.5), Done(v1::LISTEN_UNASKED, 5000)})});
  const v1::SideOutcome speaks = Summary({Of({Done(v1::CONNECT, 0.5), Heard(v1::LISTEN_UNASKED, "SSH-2.0", 1)})});
  EXPECT_EQ(Judge(v1::POSITIVE_CONTROL, &speaks, &mute), v1::ONLY_OUTSIDE_FAILED);
  EXPECT_EQ(Judge(v1::TARGET, &speaks, &mute), v1::BOTH_FINE);
}

TEST(Words, Durations) {
  EXPECT_EQ(Duration(0), "0.00 ms");
  EXPECT_EQ(Duration(400'000), "0.4 ms");
  EXPECT_EQ(Duration(41'000'000), "41 ms");
  EXPECT_EQ(Duration(5'000'000'000), "5.0 s");
  EXPECT_EQ(Duration(180'000'000'000), "3 min");
  EXPECT_EQ(Duration(-1), "?");
}

TEST(Words, HostsAndPorts) {
  EXPECT_EQ(HostPort("10.0.4.172", 5432), "10.0.4.172:5432");
  EXPECT_EQ(HostPort("fd00::5", 5432), "[fd00::5]:5432");
  EXPECT_EQ(HostPort("10.0.4.172", 0), "10.0.4.172");
}

}  // namespace
}  // namespace parallax::compare
