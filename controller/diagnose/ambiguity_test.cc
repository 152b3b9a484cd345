// What the evidence fits as well is said, and the confidence is less for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/diagnose/diagnose.h"
#include "controller/diagnose/found_for_test.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {
namespace {

using support::CarriedBy;
using support::RunBuilder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What the evidence fits as well is said, and the confidence is less for it.
TEST(Ambiguity, ASilentHandshakeMayBeALostAnswer) {
  for (const support::CauseCase& row : support::CauseCases()) {
    if (row.cause != "path.stage_swallowed" || row.standing != support::Standing::kVerdict) continue;
    if (row.sentence.find("SSLRequest") != std::string_view::npos)
      continue;  // eight bytes, answered by one: no size in it
    const v1::Finding verdict = MakeReport(row.build().Build()).targets(0).diagnosis().verdict();
    const bool unacknowledged = row.sentence.find("never acknowledged") != std::string_view::npos;
    const auto& others = verdict.alternatives();
    const bool may_be_mtu = std::find(others.begin(), others.end(), "path.mtu_black_hole_down") != others.end();
    EXPECT_EQ(may_be_mtu, !unacknowledged) << row.sentence;
    EXPECT_EQ(verdict.confidence() > 0.9, unacknowledged) << row.sentence;
  }
}

TEST(Ambiguity, APasswordBeyondAsciiMayBeRejectedForItsForm) {
  v1::Step rejected = support::Said(v1::AUTHENTICATION, "28P01", "password authentication failed", 1);
  rejected.mutable_auth()->set_without_saslprep(true);
  RunBuilder builder;
  builder.Inside().On("postgres", support::PostgresUntil(rejected));
  builder.Outside().On("postgres", support::PostgresUntil(rejected));
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_EQ(verdict.cause(), "postgres.credentials_rejected");
  EXPECT_LT(verdict.confidence(), 0.7);
  EXPECT_THAT(verdict.next_evidence(), ::testing::Contains(::testing::HasSubstr("--sql")));
}

// "The same server" is said where one showed that it is; who showed nothing may be another.
TEST(Sameness, WhoShowedNothingMayBeAnother) {
  struct {
    const char* cause;
    const char* sentence;
    const char* alternative;
    double least, most;
  } const cases[] = {
      {"postgres.credentials_differ", "28P01 outside only", "", 0.9, 0.98},
      {"postgres.credentials_differ", "one from its environment, one from the controller", "", 0.9, 0.98},
      {"postgres.credentials_differ", "each from its own environment, and nobody shows who he is",
       "target.wrong_server", 0.5, 0.7},
      {"target.wrong_server", "one password is taken inside only, and nobody shows who he is",
       "postgres.source_rejected", 0.5, 0.7},
      {"unexplained", "one password, one certificate, and two answers", "postgres.source_rejected", 0.1, 0.5},
      {"tls.stripped", "S inside, N outside", "target.wrong_server", 0.6, 0.8},
      {"tls.stripped", "what is bound to TLS is offered over plain text", "", 0.95, 0.98},
      {"tls.stripped", "the same at the end of a forward", "", 0.95, 0.98},
      {"tls.stripped", "both work under prefer, and one of them in plain text", "", 0.9, 0.98},
      {"target.wrong_server", "another server, which has no TLS", "", 0.9, 0.98},
      {"target.wrong_server", "a forward leads to what has no TLS", "tls.stripped", 0.5, 0.7},
      {"target.wrong_server", "the forward's port is taken", "tls.stripped", 0.8, 0.9},
  };
  for (const auto& [cause, sentence, alternative, least, most] : cases) {
    const v1::Finding verdict = VerdictOf(CaseOf(cause, sentence));
    SCOPED_TRACE(std::string(cause) + ", " + sentence + ": " + verdict.summary());
    EXPECT_EQ(verdict.cause(), cause);
    EXPECT_GE(verdict.confidence(), least);
    EXPECT_LE(verdict.confidence(), most);
    const bool proved = std::string_view(alternative).empty();
    if (!proved) {
      EXPECT_THAT(verdict.alternatives(), ::testing::Contains(alternative));
      EXPECT_THAT(verdict.next_evidence(), Not(IsEmpty()));
    } else {
      EXPECT_THAT(verdict.alternatives(), IsEmpty());
    }
  }
}

TEST(Clocks, AreNamedWhereTheyAndNotTheDatesAreWrong) {
  struct {
    const char* sentence;
    const char* says;
    double confidence;
  } const cases[] = {
      {"the outside's clock is far ahead of two others", "The clock of the outside is 400 days ahead", 0.95},
      {"the inside's clock is behind, and it is not valid there yet", "The clock of the inside is 400 days behind",
       0.95},
  };
  for (const auto& [sentence, says, confidence] : cases) {
    const v1::Finding verdict = VerdictOf(CaseOf("tls.expired", sentence));
    EXPECT_THAT(verdict.summary(), HasSubstr(says));
    EXPECT_GE(verdict.confidence(), confidence) << sentence;
    EXPECT_THAT(RemedyOf(verdict), ::testing::AllOf(HasSubstr("timedatectl"), HasSubstr("chronyc makestep")));
    EXPECT_THAT(RemedyOf(verdict), Not(HasSubstr("openssl"))) << "the certificate needs nothing";
    EXPECT_THAT(verdict.title(), HasSubstr("clock"));
  }
  const v1::Finding expired = VerdictOf(CaseOf("tls.expired", "it has expired, and the inside's clock is behind"));
  EXPECT_THAT(expired.summary(), HasSubstr("The server's certificate is not valid"));
  EXPECT_THAT(RemedyOf(expired), HasSubstr("openssl"));
}

TEST(Clocks, OneAgainstOneIsNotCertain) {
  RunBuilder builder = CaseOf("tls.expired", "the outside's clock is far ahead of two others").build();
  builder.Outside().side.set_vantage("local");  // its clock is the controller's
  builder.Outside().side.set_clock_offset_ns(0);
  builder.Inside().side.set_clock_offset_ns(-400LL * 86'400 * 1'000'000'000);
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_THAT(verdict.summary(), HasSubstr("The clock of the outside is 400 days ahead"));
  EXPECT_LT(verdict.confidence(), 0.8);
  EXPECT_THAT(verdict.next_evidence(), ::testing::Contains(HasSubstr("date -u")));
}

TEST(Clocks, ThatWereNotMeasuredSayNothing) {
  RunBuilder builder = CaseOf("tls.expired", "the outside's clock is far ahead of two others").build();
  for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) world->side.clear_clock_uncertainty_ns();
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_THAT(verdict.summary(), HasSubstr("The server's certificate is not valid"));
}

TEST(OwnHost, IsNoTarget) {
  const v1::Finding sinkhole = VerdictOf(CaseOf("unexplained", "a name that leads each side to itself, by ::1"));
  EXPECT_THAT(sinkhole.summary(), ::testing::AllOf(HasSubstr("db.internal leads to ::1"), HasSubstr("own host")));
  EXPECT_THAT(RemedyOf(sinkhole), HasSubstr("hosts file"));
  const v1::Finding outside = VerdictOf(CaseOf("dns.split_horizon", "outside the name leads that host to itself"));
  EXPECT_THAT(outside.summary(), HasSubstr("that host itself"));
  EXPECT_THAT(outside.alternatives(), IsEmpty());
  const v1::Finding one = VerdictOf(CaseOf("target.down", "on 127.0.0.1 of the one host that both sides stand on"));
  EXPECT_LT(one.confidence(), 0.7) << "one observation, and not two";
  EXPECT_THAT(EvidenceOf(one), HasSubstr("one observation"));
}

TEST(Ambiguity, WhatOnlyALargeMessageMeetsMayBeThePaths) {
  struct {
    v1::StepKind kind;
    v1::Failure failure;
    const char* cause;
  } const cases[] = {{v1::UPLOAD, v1::RESET, "path.reset_midstream"},
                     {v1::UPLOAD, v1::TIMED_OUT, "path.mtu_black_hole_up"},
                     {v1::DOWNLOAD, v1::TIMED_OUT, "path.mtu_black_hole_down"}};
  for (const auto& [kind, failure, cause] : cases) {
    RunBuilder builder;
    builder.options.client = plan::ClientQuestions{false, 1'000'000, 1'000'000};
    builder.Outside().On("sql",
                         support::Of({support::Done(v1::CLIENT_CONNECT, 300), support::Failed(kind, failure, 90)}));
    const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
    EXPECT_EQ(verdict.cause(), "app.command_differs");
    EXPECT_THAT(verdict.alternatives(), ::testing::ElementsAre(cause));
    ASSERT_GE(verdict.evidence_size(), 2);
    EXPECT_EQ(verdict.evidence(0).step(), kind);
    EXPECT_EQ(verdict.evidence(1).side(), "inside");
    EXPECT_EQ(verdict.evidence(1).step(), kind) << "the same step, where it passes";
  }
}

TEST(Ambiguity, AnEndAfterOurWordsMayBeAnAnswerToThem) {
  RunBuilder builder;
  builder.Outside().WithoutSocks().On("postgres", support::Closed(v1::SSL_REQUEST, 0.5, 45));
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_EQ(verdict.cause(), "vpc.refused_beyond_bastion");
  EXPECT_LE(verdict.confidence(), 0.7);
  EXPECT_THAT(verdict.alternatives(), ::testing::Contains("path.stage_reset"));
}

TEST(Witness, OnTheBastionSettlesWhatItWasAskedFor) {
  const auto refused = [](bool from_the_bastion) {
    RunBuilder builder;
    builder.Outside().On("postgres", support::Closed(v1::SSL_REQUEST, 0.5, 45));
    builder.Outside().Socks("10.0.4.172:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
    support::SideWorld& witness = builder.Witness("bastion", CarriedBy::kRouted, 0.3);
    builder.Outside().banner.set_host_key_type("ssh-ed25519");
    builder.Outside().banner.set_host_key_sha256("SHA256:bastion");
    witness.side.mutable_agent()->mutable_host()->add_ssh_host_keys("ssh-ed25519 SHA256:bastion");
    if (from_the_bastion) witness.On("postgres", support::NoConnect(v1::REFUSED, 0.3));
    return MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  };
  for (const bool from_the_bastion : {true, false}) {
    const v1::Finding verdict = refused(from_the_bastion);
    EXPECT_EQ(verdict.cause(), "vpc.refused_beyond_bastion");
    EXPECT_THAT(verdict.next_evidence(), Not(::testing::Contains(HasSubstr("--witness")))) << "there is one";
    std::string told;
    for (const v1::Evidence& evidence : verdict.evidence()) told += evidence.text() + "\n";
    EXPECT_THAT(told, HasSubstr("from the bastion itself (bastion)"));
    EXPECT_THAT(told, HasSubstr(from_the_bastion ? "connect refused" : "the target answers"));
  }
}

TEST(Unexplained, TellsWhatTheRealClientMetWhereAllElseIsWell) {
  RunBuilder builder;
  builder.options.client = plan::ClientQuestions{true, 0, 0};
  for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
    world->On("sql", support::Of({support::Done(v1::CLIENT_CONNECT, 9), support::Said(v1::DDL, "42501", "denied", 4)}));
  }
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_EQ(verdict.cause(), "unexplained");
  EXPECT_THAT(verdict.summary(), HasSubstr("error 42501: denied"));
  EXPECT_THAT(verdict.evidence(0).text(), HasSubstr("client: ddl"));
}

}  // namespace
}  // namespace parallax::diagnose
