#include "controller/experiment/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run_builder.h"

namespace parallax::experiment {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;

using Samples = google::protobuf::RepeatedPtrField<v1::Sample>;

v1::Sample Of(const std::string& stage, std::vector<double> medians, uint32_t failed_runs = 0) {
  v1::Sample sample;
  sample.set_side("outside");
  sample.set_step("connect");
  sample.set_stage(stage);
  sample.mutable_ms()->Add(medians.begin(), medians.end());
  sample.mutable_run_medians_ms()->Add(medians.begin(), medians.end());
  sample.set_runs(static_cast<uint32_t>(medians.size()) + failed_runs);
  sample.set_failed_runs(failed_runs);
  sample.set_attempts(sample.runs());
  sample.set_failures(failed_runs);
  return sample;
}

TEST(Samples, AreOfTheTargetsStepsOnEachSide) {
  support::RunBuilder builder(support::kTarget, support::Way::kRouted, 40);
  builder.Repeats(3);
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  AddRun(builder.Build(), "", &samples);
  const v1::Sample* connect = FindSample(samples, "outside", "connect", "");
  ASSERT_NE(connect, nullptr);
  EXPECT_EQ(connect->attempts(), 6U);  // the target's only: no control is among them
  EXPECT_EQ(connect->failures(), 0U);
  EXPECT_EQ(connect->run_medians_ms_size(), 2);
  EXPECT_THAT(connect->ms(0), DoubleNear(40, 5));
  ASSERT_NE(FindSample(samples, "inside", "query", ""), nullptr);
  ASSERT_NE(FindSample(samples, "inside", "total", ""), nullptr);
  EXPECT_EQ(FindSample(samples, "outside", "route_lookup", ""), nullptr);
}

TEST(Samples, FailuresAreCountedAndNotTimed) {
  support::RunBuilder builder(support::kTarget, support::Way::kRouted, 40);
  builder.Outside().NothingConnects(v1::TIMED_OUT);
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  const v1::Sample* connect = FindSample(samples, "outside", "connect", "");
  ASSERT_NE(connect, nullptr);
  EXPECT_EQ(connect->failures(), connect->attempts());
  EXPECT_EQ(connect->ms_size(), 0);
  EXPECT_EQ(connect->failed_runs(), 1U);
}

TEST(Samples, ADifferenceIsToldOnlyWhenTheRunsShowOne) {
  const v1::Sample before = Of("before", {40, 41, 42, 43, 44});
  EXPECT_EQ(ChangeOf(before, Of("after", {20, 21, 22, 23, 24})).verdict(), "lower");
  EXPECT_THAT(ChangeOf(before, Of("after", {20, 21, 22, 23, 24})).shift_ms(), DoubleNear(-20, 0.01));
  EXPECT_EQ(ChangeOf(before, Of("after", {50, 51, 52, 53, 54})).verdict(), "higher");
  EXPECT_EQ(ChangeOf(before, Of("after", {39, 40.5, 42.5, 43.5, 45})).verdict(), "no difference shown");
  // However far apart, three against three prove nothing.
  EXPECT_EQ(ChangeOf(Of("before", {1, 2, 3}), Of("after", {100, 101, 102})).verdict(), "too few to show any");
}

TEST(Samples, FailuresThatEndAreAChangeOfTheirOwn) {
  const v1::Change fixed = ChangeOf(Of("before", {}, 5), Of("after", {40, 41, 42, 43, 44}));
  EXPECT_EQ(fixed.verdict(), "not comparable");
  EXPECT_EQ(fixed.failures(), "fewer");
  EXPECT_THAT(fixed.text(), HasSubstr("in 5 of 5 runs before, in 0 of 5 after"));
  EXPECT_EQ(ChangeOf(Of("before", {40}, 1), Of("after", {40, 41})).failures(), "too few to show any");
}

TEST(Samples, SummariesHaveAnIntervalFromSixSamplesOn) {
  EXPECT_EQ(Summarize(Of("", {1, 2, 3, 4, 5})).confidence(), 0);
  const v1::Summary summary = Summarize(Of("", {1, 2, 3, 4, 5, 6}));
  EXPECT_GT(summary.confidence(), 0.95);
  EXPECT_EQ(summary.median_ms(), 3.5);
  EXPECT_EQ(summary.p95_ms(), 6);
  EXPECT_EQ(Summarize(Of("", {}, 2)).failures(), 2U);
}

}  // namespace
}  // namespace parallax::experiment
