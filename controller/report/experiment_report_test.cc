#include "controller/report/experiment_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "controller/report/layout.h"

namespace parallax::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::ExperimentResult Result() {
  v1::ExperimentResult result;
  result.set_execution("abcdefabcdef");
  result.set_duration_ns(90'000'000'000);
  result.set_runs_planned(4);
  v1::Experiment* experiment = result.mutable_experiment();
  experiment->set_name("before & after <the NAT>");
  v1::StepResult* step = result.add_steps();
  step->set_part("change");
  step->set_what("pause: toggle the NAT, then press enter");
  v1::PointResult* point = result.add_points();
  point->set_label("sslmode=require");
  for (const char* stage : {"before", "after"}) {
    v1::PointRun* run = point->add_runs();
    run->set_stage(stage);
    run->set_run("0123456789ab");
    run->set_kept(true);
    run->set_status(*stage == 'b' ? v1::DIVERGED : v1::HEALTHY);
    run->set_cause(*stage == 'b' ? "tunnel.carrier_dead" : "");
    run->set_summary(*stage == 'b' ? "The tunnel's session is gone." : "");
    v1::Sample* sample = point->add_samples();
    sample->set_side("outside");
    sample->set_step("tls_handshake");
    v1::Summary* summary = point->add_summaries();
    summary->set_side("outside");
    summary->set_step("tls_handshake");
    summary->set_stage(stage);
    summary->set_attempts(6);
    summary->set_failures(*stage == 'b' ? 6 : 0);
    summary->set_median_ms(40.25);
    summary->set_low_ms(39);
    summary->set_high_ms(1234);
    summary->set_p95_ms(1234);
    summary->set_max_ms(1234);
    summary->set_confidence(*stage == 'b' ? 0 : 0.96);
  }
  v1::Change* change = point->add_changes();
  change->set_side("outside");
  change->set_step("total");
  change->set_verdict("not comparable");
  change->set_failures("fewer");
  change->set_text(
      "not comparable: it never succeeded before the change; failures fewer: 5 of 5 attempts in 5 of 5 runs before, "
      "0 of 5 attempts in 0 of 5 runs after");
  v1::Verdict* met = point->add_verdicts();
  met->set_what("status is healthy");
  met->set_stage("after");
  met->set_met(true);
  v1::Verdict* unmet = point->add_verdicts();
  unmet->set_what("cause is tunnel.not_running");
  unmet->set_stage("before");
  unmet->set_seen("tunnel.carrier_dead");
  unmet->set_line(12);
  v1::Verdict* open = point->add_verdicts();
  open->set_what("outside.query.p95_ms < 80");
  open->set_seen("this step was never tried on that side");
  open->set_undecided(true);
  return result;
}

TEST(ExperimentReport, TextFitsTheColumnsAndSaysWhatWasMet) {
  for (const int columns : {60, 80, 120}) {
    const std::string text = ExperimentText(Result(), {.colour = false, .columns = columns});
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(Width(line), static_cast<size_t>(columns)) << line;
  }
  const std::string text = ExperimentText(Result(), {});
  EXPECT_THAT(text, AllOf(HasSubstr("2 runs of 4 planned"), HasSubstr("tunnel.carrier_dead  1 of 1"),
                          HasSubstr("parallax show 0123456789ab"), HasSubstr("39.0..1234"),
                          HasSubstr("1 of 3 expectations met, 1 undecided"), HasSubstr("after against before")));
  EXPECT_THAT(text, AllOf(HasSubstr("met       after: status is healthy\n"),
                          HasSubstr("NOT MET   before: cause is tunnel.not_running; seen: tunnel.carrier_dead")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(ExperimentReport, OnlyWhatWasKeptCanBeShown) {
  v1::ExperimentResult result = Result();
  EXPECT_THAT(ExperimentText(result, {}, "/srv/runs.db"),
              HasSubstr("parallax show 0123456789ab --store /srv/runs.db\n"));
  EXPECT_THAT(ExperimentText(result, {}, "/srv/the team's runs.db"),
              HasSubstr("--store '/srv/the team'\\''s runs.db'\n"));
  for (v1::PointRun& run : *result.mutable_points(0)->mutable_runs()) run.set_kept(false);
  EXPECT_THAT(ExperimentText(result, {}), Not(HasSubstr("parallax show")));
}

TEST(ExperimentReport, ASideThatWasLostAndAttemptsThatNeverCameAreSaid) {
  v1::ExperimentResult result = Result();
  result.mutable_points(0)->mutable_runs(0)->set_missing("inside: ssh: connection timed out");
  result.mutable_points(0)->mutable_summaries(0)->set_unreached(12);
  EXPECT_THAT(ExperimentText(result, {.colour = false, .columns = 120}),
              AllOf(HasSubstr("in 1 of them a side was missing or lost: inside: ssh: connection timed out"),
                    HasSubstr("and 12 attempts never came to this step")));
  EXPECT_THAT(JUnit(result), HasSubstr("(missing: inside: ssh: connection timed out)"));
}

TEST(ExperimentReport, ATableOfSeveralTargetsSaysSo) {
  v1::ExperimentResult result = Result();
  for (const char* url : {"tcp://a:1", "tcp://b:1"}) result.mutable_experiment()->add_targets(url);
  EXPECT_THAT(ExperimentText(result, {}), HasSubstr("Each line is of all 2 targets together."));
  result.mutable_points(0)->mutable_point()->add_values()->set_key("target");
  EXPECT_THAT(ExperimentText(result, {}), Not(HasSubstr("targets together")));
}

TEST(ExperimentReport, WhatStoppedItIsSaid) {
  v1::ExperimentResult result = Result();
  result.set_stopped("the step './toggle' (line 9) failed: it ended with exit code 3");
  EXPECT_THAT(ExperimentText(result, {}), HasSubstr("STOPPED  the step './toggle' (line 9) failed"));
  EXPECT_THAT(JUnit(result), HasSubstr("the experiment goes to its end"));
}

TEST(ExperimentReport, JsonIsTheWholeResult) {
  const auto json = nlohmann::json::parse(ExperimentJson(Result(), 1), nullptr, false);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["exitCode"], 1);
  EXPECT_EQ(json["schemaVersion"], 1);
  EXPECT_EQ(json["durationMs"], 90'000.0);
  EXPECT_EQ(json["points"][0]["runs"][0]["status"], "diverged");
  EXPECT_EQ(json["points"][0]["summaries"][1]["medianMs"], 40.25);
  EXPECT_EQ(json["points"][0]["verdicts"][1]["met"], false);
}

void CollectKeys(const nlohmann::json& value, std::set<std::string>* keys) {
  for (const auto& [key, inner] : value.items()) {
    if (value.is_object()) keys->insert(key);
    if (inner.is_structured()) CollectKeys(inner, keys);
  }
}

TEST(ExperimentReport, EveryFieldIsInTheReadme) {
  std::ifstream in(PARALLAX_SOURCE_DIR "/controller/report/README.md");
  std::stringstream readme;
  readme << in.rdbuf();
  auto json = nlohmann::json::parse(ExperimentJson(Result(), 1), nullptr, false);
  json.erase("experiment");  // its keys are those of the file
  std::set<std::string> keys;
  CollectKeys(json, &keys);
  EXPECT_GT(keys.size(), 50U);
  for (const std::string& key : keys) {
    EXPECT_NE(readme.str().find("`" + key + "`"), std::string::npos)
        << "the result has a field that the README does not name: " << key;
  }
}

TEST(ExperimentReport, JUnitHoldsNoCharacterThatXmlForbids) {
  v1::ExperimentResult result = Result();
  result.mutable_points(0)->mutable_verdicts(1)->set_seen("a\xEF\xBF\xBE b\xEF\xBF\xBF c\x01 d\xEF\xBF\xBD");
  EXPECT_THAT(JUnit(result), HasSubstr("message=\"seen: a? b? c? d\xEF\xBF\xBD\""));
}

TEST(ExperimentReport, JUnitEscapesAndCounts) {
  const std::string xml = JUnit(Result());
  EXPECT_THAT(xml, AllOf(HasSubstr("<testsuite name=\"before &amp; after &lt;the NAT&gt;\" tests=\"3\" failures=\"1\" "
                                   "errors=\"1\" time=\"90.000\">"),
                         HasSubstr("name=\"before: cause is tunnel.not_running (line 12)\""),
                         HasSubstr("<failure message=\"seen: tunnel.carrier_dead\">"),
                         HasSubstr("The tunnel's session is gone."), HasSubstr("<error message=")));
  v1::ExperimentResult healthy = Result();
  for (v1::PointRun& run : *healthy.mutable_points(0)->mutable_runs()) run.clear_summary();
  EXPECT_THAT(JUnit(healthy), Not(HasSubstr(" \n")));
}

}  // namespace
}  // namespace parallax::report
