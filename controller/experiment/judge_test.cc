#include "controller/experiment/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/experiment/expectations.h"

namespace parallax::experiment {
namespace {

using ::testing::HasSubstr;

struct Seen {
  v1::Status status;
  std::string cause;
  std::string stage;
};

v1::ExperimentResult Result(const std::vector<Seen>& runs) {
  v1::ExperimentResult result;
  v1::Experiment* experiment = result.mutable_experiment();
  for (const char* side : {"inside", "outside"}) experiment->add_sides()->set_name(side);
  v1::PointResult* point = result.add_points();
  for (const Seen& seen : runs) {
    v1::PointRun* run = point->add_runs();
    run->set_status(seen.status);
    run->set_cause(seen.cause);
    run->set_stage(seen.stage);
    if (!seen.stage.empty() && experiment->change().empty()) experiment->add_change()->set_command("true");
  }
  return result;
}

void AddSample(v1::ExperimentResult* result, const std::string& stage, std::vector<double> ms, uint32_t failures = 0) {
  v1::Sample* sample = result->mutable_points(0)->add_samples();
  sample->set_side("outside");
  sample->set_step("connect");
  sample->set_stage(stage);
  sample->mutable_ms()->Add(ms.begin(), ms.end());
  sample->mutable_run_medians_ms()->Add(ms.begin(), ms.end());
  sample->set_attempts(static_cast<uint32_t>(ms.size()) + failures);
  sample->set_failures(failures);
  sample->set_runs(sample->attempts());
  sample->set_failed_runs(failures);
  for (uint32_t i = 0; i < sample->runs(); ++i) sample->add_run_failure_shares(i < failures ? 1 : 0);
}

v1::Expectation* Expect(v1::ExperimentResult* result) { return result->mutable_experiment()->add_expect(); }

void ExpectMetric(v1::ExperimentResult* result, const std::string& name, const std::string& value) {
  const auto metric = ParseMetric(name, value, result->experiment());
  ASSERT_TRUE(metric.ok()) << metric.status();
  *Expect(result)->add_metrics() = *metric;
}

int Code(v1::ExperimentResult* result) {
  Judge(result);
  return ExitCode(*result);
}

TEST(Judge, WithoutExpectationsHealthyIsExpected) {
  v1::ExperimentResult healthy = Result({{v1::HEALTHY, "", ""}, {v1::HEALTHY, "", ""}});
  EXPECT_EQ(Code(&healthy), 0);
  v1::ExperimentResult once = Result({{v1::HEALTHY, "", ""}, {v1::DIVERGED, "tunnel.carrier_dead", ""}});
  EXPECT_EQ(Code(&once), 1);
  EXPECT_EQ(once.points(0).verdicts(0).seen(), "diverged in 1 of 2, healthy in 1 of 2");
}

TEST(Judge, AMissingSideDecidesNothing) {
  v1::ExperimentResult missing = Result({{v1::HEALTHY, "", ""}, {v1::CANNOT_TELL, "vantage.missing", ""}});
  EXPECT_EQ(Code(&missing), 3);
  v1::ExperimentResult none = Result({});
  EXPECT_EQ(Code(&none), 3);
  v1::ExperimentResult stopped = Result({{v1::HEALTHY, "", ""}});
  stopped.set_stopped("a step failed");
  EXPECT_EQ(Code(&stopped), 3);
}

TEST(Judge, ACauseIsMetWhenEveryRunHasIt) {
  v1::ExperimentResult result = Result({{v1::DIVERGED, "tunnel.carrier_dead", ""}});
  Expect(&result)->set_cause("tunnel.carrier_dead");
  EXPECT_EQ(Code(&result), 0);
  result.mutable_points(0)->mutable_runs(0)->set_cause("tunnel.not_running");
  EXPECT_EQ(Code(&result), 1);
  result.mutable_points(0)->mutable_runs(0)->set_cause("");
  result.mutable_points(0)->mutable_runs(0)->set_status(v1::HEALTHY);
  EXPECT_EQ(Code(&result), 1);
  EXPECT_EQ(result.points(0).verdicts(0).seen(), "healthy");
}

TEST(Judge, StagesAreJudgedApart) {
  v1::ExperimentResult result = Result({{v1::DIVERGED, "tunnel.carrier_dead", "before"}, {v1::HEALTHY, "", "after"}});
  Expect(&result)->set_cause("tunnel.carrier_dead");
  result.mutable_experiment()->mutable_expect(0)->set_stage("before");
  v1::Expectation* after = Expect(&result);
  after->set_status("healthy");
  after->set_stage("after");
  EXPECT_EQ(Code(&result), 0);
  after->set_stage("before");
  EXPECT_EQ(Code(&result), 1);
}

TEST(Judge, APointsExpectationIsNotAskedOfOthers) {
  v1::ExperimentResult result = Result({{v1::DIVERGED, "tls.required_by_server", ""}});
  v1::PointValue* value = result.mutable_points(0)->mutable_point()->add_values();
  value->set_key("sslmode");
  value->set_value("disable");
  v1::Expectation* expectation = Expect(&result);
  expectation->set_status("healthy");
  v1::PointValue* when = expectation->add_when();
  when->set_key("sslmode");
  when->set_value("require");
  EXPECT_EQ(Code(&result), 0);
  EXPECT_EQ(result.points(0).verdicts_size(), 0);
  expectation->mutable_when(0)->set_value("disable");
  EXPECT_EQ(Code(&result), 1);
}

TEST(Judge, MetricsAreOfTheSamples) {
  v1::ExperimentResult result = Result({{v1::HEALTHY, "", ""}});
  AddSample(&result, "", {10, 20, 30});
  ExpectMetric(&result, "outside.connect.p95_ms", "< 80");
  EXPECT_EQ(Code(&result), 0);
  ExpectMetric(&result, "outside.connect.median_ms", "<= 19.9");
  EXPECT_EQ(Code(&result), 1);
}

TEST(Judge, AMetricOfWhatNeverSucceededIsNotMetAndOfWhatWasNeverTriedUndecided) {
  v1::ExperimentResult failed = Result({{v1::DIVERGED, "", ""}});
  AddSample(&failed, "", {}, 3);
  ExpectMetric(&failed, "outside.connect.max_ms", "< 80");
  EXPECT_EQ(Code(&failed), 1);
  EXPECT_THAT(failed.points(0).verdicts(0).seen(), HasSubstr("it failed in 3 of 3 attempts"));

  v1::ExperimentResult untried = Result({{v1::DIVERGED, "", ""}});
  ExpectMetric(&untried, "outside.query.max_ms", "< 80");
  EXPECT_EQ(Code(&untried), 3);

  v1::ExperimentResult rate = Result({{v1::DIVERGED, "", ""}});
  AddSample(&rate, "", {1, 1, 1}, 1);
  ExpectMetric(&rate, "outside.connect.success_rate", ">= 0.75");
  ExpectMetric(&rate, "outside.connect.failures", "== 1");
  EXPECT_EQ(Code(&rate), 0);
}

TEST(Judge, AnAttemptThatFailedIsSlowerThanAny) {
  v1::ExperimentResult result = Result({{v1::DIVERGED, "", ""}});
  AddSample(&result, "", {5}, 9);
  ExpectMetric(&result, "outside.connect.p95_ms", "< 80");
  EXPECT_EQ(Code(&result), 1);
  EXPECT_EQ(result.points(0).verdicts(0).seen(), "none: it failed in 9 of 10 attempts");
  result.mutable_experiment()->clear_expect();
  ExpectMetric(&result, "outside.connect.min_ms", "< 80");
  EXPECT_EQ(Code(&result), 0) << "the quickest there was";

  v1::ExperimentResult rarely = Result({{v1::DIVERGED, "", ""}});
  AddSample(&rarely, "", std::vector<double>(39, 5), 1);
  ExpectMetric(&rarely, "outside.connect.p95_ms", "< 80");
  EXPECT_EQ(Code(&rarely), 0) << "1 of 40 is beyond the 95th percentile";
  ExpectMetric(&rarely, "outside.connect.max_ms", "< 80");
  EXPECT_EQ(Code(&rarely), 1);
}

TEST(Judge, AMetricIsNotMetByTheRunsThatCameToTheStepAlone) {
  v1::ExperimentResult result = Result({{v1::HEALTHY, "", ""}, {v1::CANNOT_TELL, "vantage.missing", ""}});
  AddSample(&result, "", {5});
  ExpectMetric(&result, "outside.connect.p95_ms", "< 80");
  EXPECT_EQ(Code(&result), 3);
  EXPECT_THAT(result.points(0).verdicts(0).seen(), HasSubstr("1 of 2 runs never came to this step"));
  ExpectMetric(&result, "outside.connect.max_ms", "< 1");
  EXPECT_EQ(Code(&result), 1) << "more runs could not make it true";
}

TEST(Judge, AMetricIsNotMetByTheAttemptsThatCameToTheStepAlone) {
  for (const auto& [name, value] : {std::pair("failures", "== 0"), std::pair("success_rate", "== 1"),
                                    std::pair("p95_ms", "< 2000"), std::pair("count", "== 3")}) {
    v1::ExperimentResult result = Result({{v1::DIVERGED, "", ""}});
    AddSample(&result, "", {5, 6, 7});
    ExpectMetric(&result, absl::StrCat("outside.connect.", name), value);
    EXPECT_EQ(Code(&result), 0);
    result.mutable_points(0)->mutable_samples(0)->set_unreached(12);
    EXPECT_EQ(Code(&result), 3) << name;
    EXPECT_THAT(result.points(0).verdicts(0).seen(), HasSubstr("12 of 15 attempts never came to this step"));
    EXPECT_FALSE(result.points(0).verdicts(0).met());
  }
}

TEST(Judge, AChangeIsNotJudgedByWhatCameToTheStepAlone) {
  for (const int stage : {0, 1}) {
    v1::ExperimentResult result = Result({{v1::HEALTHY, "", "before"}, {v1::HEALTHY, "", "after"}});
    AddSample(&result, "before", {40, 41, 42, 43, 44});
    AddSample(&result, "after", {20, 21, 22, 23, 24});
    ExpectMetric(&result, "outside.connect.median_ms", "lower");
    ExpectMetric(&result, "outside.connect.failures", "no_difference");
    EXPECT_EQ(Code(&result), 0);
    v1::PointResult* point = result.mutable_points(0);
    point->mutable_samples(stage)->set_unreached(1);
    EXPECT_EQ(Code(&result), 3);
    EXPECT_EQ(point->verdicts(0).seen(),
              absl::StrCat(stage == 0 ? "before" : "after", " the change, 1 of 6 attempts never came to this step"));
    EXPECT_TRUE(point->verdicts(1).undecided());
    point->mutable_samples(stage)->set_unreached(0);
    for (int i = 0; i < 5; ++i) point->add_runs()->set_stage(stage == 0 ? "before" : "after");
    EXPECT_EQ(Code(&result), 3);
    EXPECT_THAT(point->verdicts(0).seen(), HasSubstr("1 of 6 runs never came to this step"));
  }
}

TEST(Judge, ARunThatLostASideCannotTell) {
  v1::ExperimentResult result = Result({{v1::DIVERGED, "", ""}});
  EXPECT_EQ(Code(&result), 1);
  result.mutable_points(0)->mutable_runs(0)->set_missing("inside: ssh: connection timed out");
  EXPECT_EQ(Code(&result), 3);
}

TEST(Judge, ARateIsTheNumberOfTheFile) {
  v1::ExperimentResult result = Result({{v1::DIVERGED, "", ""}});
  AddSample(&result, "", std::vector<double>(17, 5), 8);
  ExpectMetric(&result, "outside.connect.success_rate", "== 0.68");
  EXPECT_EQ(Code(&result), 0);
}

TEST(Judge, QuickerWhereMoreFailsIsNoBetter) {
  v1::ExperimentResult result = Result({{v1::HEALTHY, "", "before"}, {v1::DIVERGED, "", "after"}});
  AddSample(&result, "before", {40, 41, 42, 43, 44, 45, 46, 47});
  AddSample(&result, "after", {20, 21, 22, 23}, 12);
  ExpectMetric(&result, "outside.connect.median_ms", "lower");
  EXPECT_EQ(Code(&result), 1);
  EXPECT_THAT(result.points(0).verdicts(0).seen(), HasSubstr("failures more"));
  // Every run has a median, and they are lower: of more than half of the attempts.
  v1::ExperimentResult half = Result({{v1::HEALTHY, "", "before"}, {v1::DIVERGED, "", "after"}});
  AddSample(&half, "before", {40, 41, 42, 43, 44, 45, 46, 47});
  AddSample(&half, "after", {20, 21, 22, 23, 24, 25, 26, 27});
  v1::Sample* after = half.mutable_points(0)->mutable_samples(1);
  for (double& share : *after->mutable_run_failure_shares()) share = 0.4;
  after->set_failed_runs(8);
  ExpectMetric(&half, "outside.connect.median_ms", "lower");
  EXPECT_EQ(Code(&half), 1);

  v1::ExperimentResult few = Result({{v1::HEALTHY, "", "before"}, {v1::HEALTHY, "", "after"}});
  AddSample(&few, "before", {40});
  AddSample(&few, "after", {40});
  ExpectMetric(&few, "outside.connect.failures", "no_difference");
  EXPECT_EQ(Code(&few), 3) << "one run against one shows nothing";
}

TEST(Judge, FailuresAreAnsweredInFailures) {
  v1::ExperimentResult result = Result({{v1::DIVERGED, "", "before"}, {v1::HEALTHY, "", "after"}});
  AddSample(&result, "before", {40}, 5);
  AddSample(&result, "after", {40, 41, 42, 43, 44, 45});
  ExpectMetric(&result, "outside.connect.failures", "lower");
  EXPECT_EQ(Code(&result), 0);
  EXPECT_EQ(result.points(0).verdicts(0).seen(),
            "fewer: 5 of 6 attempts in 5 of 6 runs before, 0 of 6 attempts in 0 of 6 runs after");
}

TEST(Judge, AfterAgainstBeforeByARankTest) {
  v1::ExperimentResult result = Result({{v1::HEALTHY, "", "before"}, {v1::HEALTHY, "", "after"}});
  AddSample(&result, "before", {40, 41, 42, 43, 44});
  AddSample(&result, "after", {20, 21, 22, 23, 24});
  ExpectMetric(&result, "outside.connect.median_ms", "lower");
  EXPECT_EQ(Code(&result), 0);
  result.mutable_experiment()->clear_expect();
  ExpectMetric(&result, "outside.connect.median_ms", "higher");
  EXPECT_EQ(Code(&result), 1);
  result.mutable_experiment()->clear_expect();
  ExpectMetric(&result, "outside.connect.failures", "no_difference");
  EXPECT_EQ(Code(&result), 0);

  v1::ExperimentResult few = Result({{v1::HEALTHY, "", "before"}, {v1::HEALTHY, "", "after"}});
  AddSample(&few, "before", {40, 41});
  AddSample(&few, "after", {20, 21});
  ExpectMetric(&few, "outside.connect.median_ms", "lower");
  EXPECT_EQ(Code(&few), 3);
}

TEST(Judge, InterruptedIs130) {
  v1::ExperimentResult result = Result({{v1::HEALTHY, "", ""}});
  result.set_interrupted(true);
  EXPECT_EQ(Code(&result), 130);
}

}  // namespace
}  // namespace parallax::experiment
