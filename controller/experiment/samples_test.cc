#include "controller/experiment/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/run_builder.h"

namespace parallax::experiment {
namespace {

using ::testing::Contains;
using ::testing::DoubleNear;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Samples = google::protobuf::RepeatedPtrField<v1::Sample>;

// One attempt a run.
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
  for (uint32_t i = 0; i < sample.runs(); ++i) sample.add_run_failure_shares(i < failed_runs ? 1 : 0);
  return sample;
}

// So many runs, each of five attempts, of which `failed` failed.
v1::Sample OfFive(const std::string& stage, uint32_t runs, uint32_t failed) {
  v1::Sample sample = Of(stage, std::vector<double>(failed < 3 ? runs : 0, 40));
  sample.clear_run_failure_shares();
  sample.mutable_ms()->Resize(static_cast<int>(runs * (5 - failed)), 40);
  for (uint32_t i = 0; i < runs; ++i) sample.add_run_failure_shares(failed / 5.0);
  sample.set_runs(runs);
  sample.set_failed_runs(failed > 0 ? runs : 0);
  sample.set_attempts(5 * runs);
  sample.set_failures(failed * runs);
  return sample;
}

uint32_t Unreached(const Samples& samples, const std::string& step) {
  const v1::Sample* sample = FindSample(samples, "outside", step, "");
  EXPECT_NE(sample, nullptr) << step;
  return sample == nullptr ? 0 : sample->unreached();
}

TEST(Samples, AreOfTheTargetsStepsOnEachSide) {
  support::RunBuilder builder(support::kTarget, support::CarriedBy::kRouted, 40);
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
  for (const v1::Sample& sample : samples) EXPECT_EQ(sample.unreached(), 0U) << sample.step();
}

TEST(Samples, AnAttemptThatEndsBeforeAStepNeverCameToIt) {
  support::RunBuilder builder;
  builder.Repeats(3);
  builder.Outside().On("postgres", support::Closed(v1::SSL_REQUEST, 0.4, 0.4));
  builder.Outside().OnAttempt(3, "postgres", support::Postgres({}));
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  EXPECT_EQ(Unreached(samples, "ssl_request"), 0U);
  EXPECT_EQ(Unreached(samples, "query"), 2U);
  EXPECT_EQ(NeverCame(*FindSample(samples, "outside", "query", "")), "2 of 3 attempts never came to this step");
  EXPECT_EQ(Unreached(samples, "total"), 0U);
  AddRun(builder.Build(), "", &samples);
  EXPECT_EQ(Unreached(samples, "query"), 4U);
}

TEST(Samples, AnAttemptThatWasNeverHeardOfCameToNothing) {
  support::RunBuilder builder(support::kTarget, support::CarriedBy::kRouted, 40);
  builder.Repeats(5);
  builder.Outside().LostAfter(2, "ssh: connection timed out");
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  EXPECT_EQ(Unreached(samples, "connect"), 3U);
  EXPECT_EQ(Unreached(samples, "total"), 3U);
  EXPECT_EQ(FindSample(samples, "inside", "total", "")->unreached(), 0U);
}

TEST(Samples, ATargetThatNeverConnectsIsNotSpokenForByTheOther) {
  support::RunBuilder builder(support::kTarget, support::CarriedBy::kRouted, 40);
  builder.AddTarget("postgres://app@10.0.4.173:5432/app?sslmode=require");
  builder.Repeats(3);
  builder.Outside().On("postgres 10.0.4.173", support::NoConnect(v1::REFUSED, 0.4));
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  EXPECT_EQ(Unreached(samples, "connect"), 0U);
  EXPECT_EQ(Unreached(samples, "query"), 3U);
}

TEST(Samples, AnEndpointIsAskedInPlaceOfOneSideAlone) {
  support::RunBuilder builder(support::kTarget, support::CarriedBy::kRouted, 40);
  builder.Repeats(2);
  const support::Attempt answer = support::HttpAnswer(200, {"json /db", "up", "up"});
  builder.InsideIsHealth("https://app/health#/db=up", {answer, answer});
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  EXPECT_EQ(Unreached(samples, "total"), 0U);
  ASSERT_NE(FindSample(samples, "inside", "total", ""), nullptr);
  EXPECT_EQ(FindSample(samples, "inside", "total", "")->unreached(), 0U) << "nobody asked the target from there";
}

TEST(Samples, AProbeInPlainTextIsNotDueTheStepsOfTls) {
  support::RunBuilder builder("postgres://app@10.0.4.172:5432/app?sslmode=disable", support::CarriedBy::kRouted, 40);
  builder.AddTarget("postgres://app@10.0.4.173:5432/app?sslmode=require");
  builder.Outside().On("postgres 10.0.4.172", support::NoConnect(v1::REFUSED, 0.4));
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  EXPECT_EQ(Unreached(samples, "tls_handshake"), 0U);
}

TEST(Samples, AStepThatASuccessDoesWithoutIsNotDue) {
  support::RunBuilder builder("postgres://app@10.0.4.172:5432/app?sslmode=prefer", support::CarriedBy::kRouted, 40);
  builder.Repeats(2);
  support::Conversation plain;
  plain.tls = false;
  builder.Outside().OnAttempt(2, "postgres", support::Postgres(plain, v1::PREFER));
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  EXPECT_EQ(FindSample(samples, "outside", "tls_handshake", "")->attempts(), 1U);
  EXPECT_EQ(Unreached(samples, "tls_handshake"), 0U);
}

TEST(Samples, TheRealClientsStepsAreItsOwn) {
  support::RunBuilder builder(support::kTarget, support::CarriedBy::kRouted, 40);
  builder.Repeats(3);
  builder.options.client = plan::ClientQuestions{};
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  EXPECT_EQ(FindSample(samples, "outside", "query", "")->attempts(), 3U);
  for (const char* step : {"client_connect", "client_query", "client_total"}) {
    const v1::Sample* sample = FindSample(samples, "outside", step, "");
    ASSERT_NE(sample, nullptr) << step;
    EXPECT_EQ(sample->attempts(), 3U);
  }
  const std::vector<std::string> names = StepNames();
  for (const v1::Sample& sample : samples) EXPECT_THAT(names, Contains(sample.step()));
}

// A new kind of step is either one of a target's, and can be named in a metric, or stands here.
TEST(Samples, EveryKindOfStepHasANameOrIsNeverATargets) {
  const std::set<v1::StepKind> elsewhere = {v1::RESOLVER_QUERY, v1::ROUTE_LOOKUP,  v1::CARRIER_FOUND,
                                            v1::BANNER,         v1::SOCKS_CONNECT, v1::HTTP_LINE,
                                            v1::MESSAGE_SIZE,   v1::EXCHANGE,      v1::EXPECTATION};
  const std::vector<std::string> names = StepNames();
  for (int i = v1::StepKind_MIN + 1; i <= v1::StepKind_MAX; ++i) {
    const auto kind = static_cast<v1::StepKind>(i);
    const auto has = [&](v1::Role role) {
      return std::find(names.begin(), names.end(), StepName(role, kind)) != names.end();
    };
    EXPECT_NE(has(v1::TARGET) || has(v1::CLIENT), elsewhere.contains(kind)) << v1::StepKind_Name(kind);
  }
}

TEST(Samples, FailuresAreCountedAndNotTimed) {
  support::RunBuilder builder(support::kTarget, support::CarriedBy::kRouted, 40);
  builder.Outside().NothingConnects(v1::TIMED_OUT);
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  const v1::Sample* connect = FindSample(samples, "outside", "connect", "");
  ASSERT_NE(connect, nullptr);
  EXPECT_EQ(connect->failures(), connect->attempts());
  EXPECT_EQ(connect->ms_size(), 0);
  EXPECT_EQ(connect->failed_runs(), 1U);
  EXPECT_EQ(connect->run_medians_ms_size(), 0);
}

TEST(Samples, AFailedAttemptIsSlowerThanAnyInTheMedianOfItsRun) {
  support::RunBuilder builder(support::kTarget, support::CarriedBy::kRouted, 40);
  builder.Repeats(3);
  builder.Outside().OnAttempt(1, "postgres", support::NoConnect(v1::REFUSED, 0.4));
  Samples samples;
  AddRun(builder.Build(), "", &samples);
  const v1::Sample* connect = FindSample(samples, "outside", "connect", "");
  ASSERT_EQ(connect->run_medians_ms_size(), 1);
  EXPECT_EQ(connect->run_medians_ms(0), std::max(connect->ms(0), connect->ms(1)));
  EXPECT_THAT(connect->run_failure_shares(0), DoubleNear(1.0 / 3, 1e-12));
  builder.Outside().OnAttempt(2, "postgres", support::NoConnect(v1::REFUSED, 0.4));
  samples.Clear();
  AddRun(builder.Build(), "", &samples);
  connect = FindSample(samples, "outside", "connect", "");
  EXPECT_EQ(connect->run_medians_ms_size(), 0) << "what one of three took is not what it takes";
  EXPECT_EQ(connect->ms_size(), 1);
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
  EXPECT_THAT(fixed.text(), HasSubstr("5 of 5 attempts in 5 of 5 runs before, 0 of 5 attempts in 0 of 5 runs after"));
  EXPECT_EQ(ChangeOf(Of("before", {40}, 1), Of("after", {40, 41})).failures(), "too few to show any");
}

TEST(Samples, FourOfFiveFailingIsMoreThanOneOfFive) {
  const v1::Change worse = ChangeOf(OfFive("before", 5, 1), OfFive("after", 5, 4));
  EXPECT_EQ(worse.failures(), "more");
  EXPECT_EQ(worse.verdict(), "not comparable");
  EXPECT_THAT(worse.text(), HasSubstr("half or more of it failed after the change, in every run"));
  EXPECT_THAT(worse.text(),
              HasSubstr("5 of 25 attempts in 5 of 5 runs before, 20 of 25 attempts in 5 of 5 runs after"));
  EXPECT_EQ(ChangeOf(OfFive("before", 5, 2), OfFive("after", 5, 2)).failures(), "no difference shown");
}

TEST(Samples, TwoRunsHaveNoChangeBetweenThem) {
  const StageWords runs = {"in the first run", "in the second run"};
  EXPECT_THAT(ChangeOf(Of("before", {40}), Of("after", {}, 1), runs).text(),
              StartsWith("not comparable: it never succeeded in the second run;"));
  EXPECT_THAT(ChangeOf(OfFive("before", 1, 3), Of("after", {40}), runs).text(),
              StartsWith("not comparable: half or more of it failed in the first run;"));
}

TEST(Samples, ARunThatMostlyFailsIsSlowerThanAny) {
  const v1::Sample before = Of("before", {40, 41, 42, 43, 44, 45});
  // The survivors alone are quicker, and the runs are not.
  const v1::Change change = ChangeOf(before, Of("after", {39}, 5));
  EXPECT_NE(change.verdict(), "lower");
  EXPECT_EQ(ChangeOf(before, Of("after", {50}, 5)).verdict(), "higher");
  EXPECT_THAT(ChangeOf(before, Of("after", {50}, 5)).shift_ms(), DoubleNear(7.5, 0.01));
}

TEST(Samples, ADifferenceAmongTiesHasTheDirectionOfItsRanks) {
  std::vector<double> before(20, 1);
  std::vector<double> after(12, 1);
  after.insert(after.end(), 8, 2);
  const v1::Change change = ChangeOf(Of("before", before), Of("after", after));
  EXPECT_EQ(change.shift_ms(), 0);
  EXPECT_EQ(change.verdict(), "higher");
}

TEST(Samples, AChangeSaysWhatNeverCame) {
  v1::Sample after = Of("after", {40, 41, 42});
  after.set_unreached(12);
  EXPECT_THAT(ChangeOf(Of("before", {40, 41, 42}), after).text(),
              HasSubstr("; after, 12 of 15 attempts never came to this step"));
}

TEST(Samples, SummariesHaveAnIntervalFromSixRunsOn) {
  EXPECT_EQ(Summarize(Of("", {1, 2, 3, 4, 5})).confidence(), 0);
  const v1::Summary summary = Summarize(Of("", {1, 2, 3, 4, 5, 6}));
  EXPECT_GT(summary.confidence(), 0.95);
  EXPECT_EQ(summary.low_ms(), 1);
  EXPECT_EQ(summary.high_ms(), 6);
  EXPECT_EQ(summary.median_ms(), 3.5);
  EXPECT_EQ(summary.p95_ms(), 6);
  EXPECT_EQ(Summarize(Of("", {}, 2)).failures(), 2U);
  EXPECT_EQ(Summarize(Of("", {1, 2, 3, 4, 5, 6}, 1)).confidence(), 0) << "one run of seven has no median";
  v1::Sample one_run = Of("", {3});
  for (int i = 0; i < 20; ++i) one_run.add_ms(i);
  EXPECT_EQ(Summarize(one_run).confidence(), 0) << "attempts of one run share their moment";
}

}  // namespace
}  // namespace parallax::experiment
