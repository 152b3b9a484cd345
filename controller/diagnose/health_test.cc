// What may be concluded with a health endpoint in place of the inside agent: what the outside shows by itself, and no
// more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "contract/names.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/diagnose.h"
#include "controller/diagnose/weigh.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {
namespace {

using support::Attempt;
using support::HttpAnswer;
using support::RunBuilder;
using ::testing::HasSubstr;

constexpr char kUrl[] = "https://api.example.com/health#/database/status=connected";

Attempt Says(const std::string& word) { return HttpAnswer(200, {"json /database/status", "connected", word}); }

v1::Diagnosis With(RunBuilder builder, const Attempt& answer) {
  builder.InsideIsHealth(kUrl, {3, answer});
  return MakeReport(builder.Build()).targets(0).diagnosis();
}

const support::CauseCase& Incident() {
  for (const support::CauseCase& row : support::CauseCases()) {
    if (row.sentence == "the incident: started against a stale address") return row;
  }
  ADD_FAILURE();
  return support::CauseCases()[0];
}

const v1::Evidence* HealthEvidence(const v1::Finding& finding) {
  for (const v1::Evidence& evidence : finding.evidence()) {
    if (evidence.text().find("health endpoint") != std::string::npos) return &evidence;
  }
  return nullptr;
}

TEST(Health, TheIncidentIsNamedByWhatTheOutsideShows) {
  const v1::Diagnosis diagnosis = With(Incident().build(), Says("connected"));
  EXPECT_EQ(diagnosis.status(), v1::DIVERGED);
  EXPECT_EQ(diagnosis.verdict().cause(), "tunnel.bastion_unreachable");
  const v1::Evidence* evidence = HealthEvidence(diagnosis.verdict());
  ASSERT_NE(evidence, nullptr);
  EXPECT_FALSE(evidence->against());
  EXPECT_EQ(evidence->side(), "inside");
  EXPECT_THAT(evidence->text(), HasSubstr("/database/status is connected"));
}

TEST(Health, AnApplicationThatIsNotConnectedEitherSpeaksAgainstTheTunnel) {
  const v1::Diagnosis diagnosis = With(Incident().build(), Says("timeout"));
  EXPECT_EQ(diagnosis.status(), v1::BOTH_FAILED);
  EXPECT_EQ(diagnosis.verdict().cause(), "tunnel.bastion_unreachable");
  ASSERT_NE(HealthEvidence(diagnosis.verdict()), nullptr);
  EXPECT_TRUE(HealthEvidence(diagnosis.verdict())->against());
}

TEST(Health, WhereNoCauseCanBeNamedWithoutAnAgentItSaysWhatIsLacking) {
  RunBuilder builder(support::kTarget, support::CarriedBy::kRouted);
  builder.Outside().NothingConnects(v1::TIMED_OUT);
  const v1::Diagnosis diagnosis = With(std::move(builder), Says("connected"));
  EXPECT_EQ(diagnosis.status(), v1::DIVERGED);
  EXPECT_EQ(diagnosis.verdict().cause(), "unexplained");
  ASSERT_GT(diagnosis.verdict().next_evidence_size(), 0);
  EXPECT_THAT(diagnosis.verdict().next_evidence(0), HasSubstr("no stage, no control and no identity"));
}

// Every world of the rules' rows, seen with a health endpoint inside, whatever it says.
TEST(Health, NoRuleThatNeedsTheInsidesOwnObservationsSpeaks) {
  for (const Attempt& answer : {Says("connected"), Says("timeout"), HttpAnswer(404), Attempt()}) {
    for (const support::CauseCase& row : support::CauseCases()) {
      SCOPED_TRACE(std::string(row.cause) + ": " + std::string(row.sentence));
      const v1::Diagnosis diagnosis = With(row.build(), answer);
      for (const v1::Finding& finding : diagnosis.findings()) {
        EXPECT_FALSE(SpeaksOfReference(*FindCause(finding.cause()))) << finding.cause();
        for (const v1::Evidence& evidence : finding.evidence()) {
          if (evidence.side() != "inside" || finding.cause() == "vantage.missing") continue;
          EXPECT_THAT(evidence.text(), HasSubstr("health endpoint")) << finding.cause();
        }
      }
    }
  }
}

}  // namespace
}  // namespace parallax::diagnose
