// Targets of http, and the real client beside a target: what compare makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/compare/compare.h"
#include "controller/compare/words.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::CarriedBy;
using support::Done;
using support::Failed;
using support::NoConnect;
using support::Of;
using support::RunBuilder;
using support::Said;
using ::testing::HasSubstr;

constexpr char kWeb[] = "https://10.0.4.172/health#/database/status=connected";

v1::Comparison Compared(const RunBuilder& builder) { return Compare(builder.Build()).front(); }

// An answer whose expectation does not hold.
support::Attempt Disappoints() {
  v1::Step expectation = Said(v1::EXPECTATION, "503", "status is 503, wanted below 400", 0);
  expectation.set_variant("status");
  expectation.mutable_expectation()->set_seen("503");
  expectation.mutable_expectation()->set_wanted("below 400");
  support::Attempt attempt = Of({Done(v1::CONNECT, 40), Done(v1::REQUEST, 40, 200), Done(v1::BODY, 1), expectation});
  attempt.set_outcome(v1::SERVER_ERROR);
  return attempt;
}

TEST(Http, AMatchingResponseIsHealthAndTheHighestRung) {
  const v1::Comparison comparison = Compared(RunBuilder(kWeb, CarriedBy::kRouted));
  EXPECT_EQ(comparison.status(), v1::HEALTHY) << comparison.status_why();
  EXPECT_EQ(comparison.sides(1).rung(), v1::QUERY_RUNG);
  EXPECT_EQ(comparison.sides(1).identity(), support::kServerCertificate);
}

TEST(Http, AResponseThatDoesNotMatchIsAServersByteAndNoHealth) {
  RunBuilder builder("http://10.0.4.172/health", CarriedBy::kRouted);
  builder.Outside().On("http", Disappoints());
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::DIVERGED);
  EXPECT_FALSE(comparison.sides(1).healthy());
  EXPECT_EQ(comparison.sides(1).rung(), v1::SERVER_BYTE);
  EXPECT_EQ(comparison.first_difference().step(), v1::EXPECTATION);
  EXPECT_EQ(comparison.first_difference().inside(), "200");
  EXPECT_EQ(comparison.first_difference().outside(), "503, wanted below 400");
}

TEST(Http, AnotherStatusWhereNoneWasAskedForIsNotTheSameAnswer) {
  RunBuilder builder("http://10.0.4.172/", CarriedBy::kRouted);
  builder.Inside().On("http", support::HttpAnswer(200));
  builder.Outside().On("http", support::HttpAnswer(302));
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::DIVERGED);
  EXPECT_EQ(comparison.status_why(), "both are answered, with status 200 inside and 302 outside");
  EXPECT_EQ(comparison.first_difference().step(), v1::REQUEST);

  RunBuilder varying("http://10.0.4.172/", CarriedBy::kRouted);
  for (support::SideWorld* world : {&varying.Inside(), &varying.Outside()}) {
    world->On("http", support::HttpAnswer(200)).OnAttempt(2, "http", support::HttpAnswer(204));
  }
  varying.Outside().OnAttempt(1, "http", support::HttpAnswer(204));
  EXPECT_EQ(Compared(varying).status(), v1::HEALTHY) << "a server that answers now so and then so";
  EXPECT_FALSE(Compared(varying).has_first_difference());

  RunBuilder asked("http://10.0.4.172/#/database/status=up", CarriedBy::kRouted);
  asked.Inside().On("http", support::HttpAnswer(200, {"json /database/status", "up", "up"}));
  asked.Outside().On("http", support::HttpAnswer(203, {"json /database/status", "up", "up"}));
  EXPECT_EQ(Compared(asked).status(), v1::HEALTHY) << "what was asked for is what counts";
}

TEST(Http, SidesThatPartBehindARedirectPartThere) {
  const auto redirected = [](v1::Step there) {
    support::Attempt attempt = support::HttpAnswer(302);
    attempt.mutable_steps()->RemoveLast();  // the expectation
    there.set_variant("hop 2");
    *attempt.add_steps() = there;
    attempt.set_outcome(there.failure());
    return attempt;
  };
  v1::Step answered = Done(v1::REQUEST, 8, 300);
  answered.mutable_http()->set_status(200);
  RunBuilder builder("http://10.0.4.172/#redirects=follow", CarriedBy::kRouted);
  builder.Inside().On("http", redirected(answered));
  builder.Outside().On("http", redirected(Failed(v1::CONNECT, v1::REFUSED, 1)));
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.first_difference().variant(), "hop 2");
  EXPECT_EQ(comparison.first_difference().step(), v1::REQUEST) << "as the inside came to it";
}

TEST(Http, AnotherCertificateOutsideIsADivergence) {
  RunBuilder builder(kWeb, CarriedBy::kRouted);
  builder.Outside().conversation.certificate = support::kOtherCertificate;
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::DIVERGED);
  EXPECT_EQ(comparison.first_difference().step(), v1::TLS_HANDSHAKE);
}

RunBuilder WithClient() {
  RunBuilder builder(support::kTarget, CarriedBy::kRouted);
  builder.options.client = plan::ClientQuestions{true, 1'000'000, 0};
  return builder;
}

TEST(Client, ThatWorksChangesNothing) {
  const v1::Comparison comparison = Compared(WithClient());
  EXPECT_EQ(comparison.status(), v1::HEALTHY) << comparison.status_why();
  EXPECT_FALSE(comparison.has_first_difference());
}

TEST(Client, ThatFailsOnOneSideMakesAHealthyRunDivergedAndLeavesTheSideHealthy) {
  RunBuilder builder = WithClient();
  builder.Outside().On("sql", Of({Done(v1::CLIENT_CONNECT, 300), Failed(v1::QUERY, v1::TIMED_OUT, 5000)}));
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::DIVERGED);
  EXPECT_EQ(comparison.status_why(), "every probe is alike, and the real client fails outside");
  EXPECT_TRUE(comparison.sides(1).healthy());
  EXPECT_EQ(comparison.sides(1).rung(), v1::QUERY_RUNG);
  EXPECT_EQ(comparison.first_difference().step(), v1::QUERY);
  EXPECT_EQ(comparison.first_difference_probe(), "sql 10.0.4.172:5432");
}

TEST(Client, ThatFailsOnBothSidesIsBothFailed) {
  RunBuilder builder = WithClient();
  for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
    world->On("sql", Of({Said(v1::CLIENT_CONNECT, "28000", "no entry", 4)}));
  }
  EXPECT_EQ(Compared(builder).status(), v1::BOTH_FAILED);
}

TEST(Client, NeverHidesWhatTheTargetsOwnProbeSays) {
  RunBuilder builder = WithClient();
  builder.Outside().On("postgres", NoConnect(v1::TIMED_OUT, 5000));
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::DIVERGED);
  EXPECT_EQ(comparison.first_difference().step(), v1::CONNECT);
}

TEST(Client, ThatCouldNotBeAskedLeavesItOpen) {
  RunBuilder builder = WithClient();
  builder.Outside().CannotAsk("sql", v1::UNSUPPORTED, "parallax-agent-client is not installed: looked in /opt");
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::CANNOT_TELL);
  EXPECT_THAT(comparison.status_why(), HasSubstr("outside the real client could not be asked: parallax-agent-client"));
}

TEST(Client, OfAnAddressThatTheProbeDoesNotReachEitherSaysNothingNew) {
  RunBuilder builder(support::kNamedTarget, CarriedBy::kRouted);
  builder.options.client = plan::ClientQuestions{};
  for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
    world->names["db.internal"] = {"10.0.4.172", "fd00:4::172"};
  }
  builder.Outside().On("postgres [fd00:4::172]", NoConnect(v1::NO_ROUTE, 0.1));
  builder.Outside().On("sql [fd00:4::172]", Of({Failed(v1::CLIENT_CONNECT, v1::NO_ROUTE, 0.1)}));
  builder.Inside().side.mutable_agent()->mutable_host()->add_interfaces()->add_addresses("fd00:4::50/64");
  const v1::Comparison comparison = Compared(builder);
  ASSERT_NE(std::find_if(comparison.pairs().begin(), comparison.pairs().end(),
                         [](const v1::Pair& pair) { return pair.probe() == "sql [fd00:4::172]:5432"; }),
            comparison.pairs().end());
  EXPECT_EQ(comparison.status(), v1::HEALTHY) << comparison.status_why();
}

TEST(Client, OfTheOneSideThatWasAskedCounts) {
  RunBuilder builder = WithClient();
  v1::Run run = builder.Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::HEALTHY);
  builder.Outside().On("sql", Of({Done(v1::CLIENT_CONNECT, 300), Said(v1::DDL, "42501", "permission denied", 4)}));
  run = builder.Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::FAILED);
  builder.Outside().CannotAsk("sql", v1::UNSUPPORTED, "parallax-agent-client is not installed");
  run = builder.Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::CANNOT_TELL);
  EXPECT_THAT(Compare(run).front().status_why(), HasSubstr("is not installed"));
}

TEST(Words, OfAHeldSessionAreTheServersOwn) {
  RunBuilder builder(support::kTarget, CarriedBy::kRouted);
  support::Attempt ended = support::Postgres({});
  v1::Step held = Failed(v1::QUERY, v1::CLOSED, 2900);
  held.set_variant(kHeld);
  held.set_text("the server ended the session after 2.9 s of 6 s idle: 57P05 idle-session timeout");
  *ended.add_steps() = held;
  ended.set_outcome(v1::CLOSED);
  builder.Outside().On("postgres", ended);
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::DIVERGED);
  EXPECT_EQ(comparison.first_difference().outside(), held.text());
}

TEST(Words, WhatIsSlowIsNotSilent) {
  v1::StepSummary step;
  step.set_failure(v1::TIMED_OUT);
  step.set_median_ns(2'000'000'000);
  step.set_kind(v1::BODY);
  EXPECT_EQ(StepCell(step), "silent for 2.0 s");
  step.mutable_sample()->mutable_http_body()->set_size(20'000);
  EXPECT_EQ(StepCell(step), "20 kB came, not done after 2.0 s");
  step.set_kind(v1::DOWNLOAD);
  step.mutable_sample()->Clear();
  EXPECT_EQ(StepCell(step), "not done after 2.0 s");
}

TEST(Words, TellWhatTheNewStepsMet) {
  v1::StepSummary step;
  step.set_kind(v1::REQUEST);
  step.set_failure(v1::NONE);
  step.set_median_ns(12'000'000);
  step.mutable_sample()->mutable_http()->set_status(302);
  step.mutable_sample()->mutable_http()->set_location("https://login.test/");
  EXPECT_EQ(StepCell(step), "302 in 12 ms, to https://login.test/");
  step.set_kind(v1::BODY);
  step.mutable_sample()->mutable_http_body()->set_size(1'048'576);
  step.mutable_sample()->mutable_http_body()->set_cut(true);
  EXPECT_EQ(StepCell(step), "over 1.0 MB");
  step.set_kind(v1::DDL);
  step.mutable_sample()->mutable_client()->set_not_tried("this server is a replica, in recovery");
  EXPECT_EQ(StepCell(step), "not tried: this server is a replica, in recovery");
  step.set_kind(v1::DOWNLOAD);
  step.mutable_sample()->mutable_client()->set_bytes(1'000'000);
  EXPECT_EQ(StepCell(step), "1.0 MB in 12 ms");
}

}  // namespace
}  // namespace parallax::compare
