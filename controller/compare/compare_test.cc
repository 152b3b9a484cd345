#include "controller/compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "contract/names.h"
#include "controller/compare/locality.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::Attempt;
using support::Closed;
using support::Done;
using support::Failed;
using support::Heard;
using support::kNamedTarget;
using support::kTarget;
using support::Mute;
using support::NoConnect;
using support::Of;
using support::PostgresUntil;
using support::RunBuilder;
using support::Said;
using support::Way;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kPair[] = "postgres 10.0.4.172:5432";

v1::Comparison Compared(const RunBuilder& builder) {
  const std::vector<v1::Comparison> all = Compare(builder.Build());
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? v1::Comparison() : all.front();
}

v1::SideSummary SideOf(const v1::Comparison& comparison, const std::string& name = "outside") {
  for (const v1::SideSummary& side : comparison.sides()) {
    if (side.name() == name) return side;
  }
  ADD_FAILURE() << "no side " << name;
  return {};
}

v1::Pair PairOf(const v1::Comparison& comparison, const std::string& probe = kPair) {
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.probe() == probe) return pair;
  }
  ADD_FAILURE() << "no pair " << probe;
  return {};
}

// Attempts numbered from 1, summarized.
v1::SideOutcome Summary(std::vector<Attempt> attempts) {
  std::vector<const v1::Observation*> all;
  uint32_t number = 0;
  for (Attempt& attempt : attempts) {
    attempt.set_attempt(++number);
    all.push_back(&attempt);
  }
  return Summarize("outside", all);
}

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

TEST(FirstDifference, IsTheFirstStepAtWhichTheyPart) {
  RunBuilder builder;
  builder.Outside().On("postgres", Closed(v1::SSL_REQUEST, 0.5, 0.4));
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.first_difference().step(), v1::SSL_REQUEST);
  EXPECT_EQ(comparison.first_difference_probe(), kPair);
  EXPECT_EQ(comparison.first_difference().inside(), "S in 0.4 ms");
  EXPECT_EQ(comparison.first_difference().outside(), "closed in 0.4 ms, 0 bytes");
}

TEST(FirstDifference, NoneWhereTheyAreAlike) {
  EXPECT_FALSE(Compared(RunBuilder()).has_first_difference());
  // How long it takes is no difference.
  EXPECT_FALSE(Compared(RunBuilder(kTarget, Way::kRouted, 300)).has_first_difference());
}

TEST(FirstDifference, NamesFirst) {
  RunBuilder builder(kNamedTarget, Way::kRouted);
  builder.Outside().names["db.internal"] = {"203.0.113.9"};
  EXPECT_EQ(Compared(builder).first_difference().step(), v1::RESOLVE);
  EXPECT_EQ(Compared(builder).first_difference_probe(), "dns db.internal");
}

TEST(FirstDifference, TheServersWordsAndIdentityCount) {
  RunBuilder other;
  other.Outside().talk.certificate = support::kOtherCertificate;
  EXPECT_EQ(Compared(other).first_difference().step(), v1::TLS_HANDSHAKE);
  RunBuilder codes;
  codes.Inside().On("postgres", PostgresUntil(Said(v1::STARTUP, "28000", "no entry", 1)));
  codes.Outside().On("postgres", PostgresUntil(Said(v1::STARTUP, "3D000", "no database", 1)));
  EXPECT_EQ(Compared(codes).first_difference().step(), v1::STARTUP);
  RunBuilder stripped;
  stripped.Outside().talk.tls = false;
  EXPECT_EQ(Compared(stripped).first_difference().step(), v1::SSL_REQUEST);
}

TEST(Controls, CountWhereTheInsideDidNotConnect) {
  const v1::Comparison healthy = Compared(RunBuilder(kTarget, Way::kRouted));
  const v1::Controls outside = SideOf(healthy).controls();
  EXPECT_EQ(outside.negative_usable(), 3U);
  EXPECT_EQ(outside.negative_connected(), 0U);
  EXPECT_EQ(outside.negative_refused(), 2U);
  EXPECT_EQ(outside.negative_silent(), 1U);
  EXPECT_TRUE(outside.host_up_by_refusal());
  EXPECT_EQ(outside.positive_usable(), 2U);
  EXPECT_EQ(outside.positive_answered(), 2U);
}

TEST(Controls, OneThatConnectsInsideIsDiscarded) {
  RunBuilder builder;
  builder.Inside().On("must-not-connect 10.0.4.254", Of({Done(v1::CONNECT, 0.4)}));
  const v1::Controls controls = SideOf(Compared(builder)).controls();
  EXPECT_EQ(controls.negative_usable(), 2U);
  EXPECT_EQ(controls.negative_discarded(), 1U);
  EXPECT_EQ(controls.negative_connected(), 2U);
}

TEST(Controls, OneThatConnectsInsideNowAndThenIsDiscardedToo) {
  RunBuilder builder;
  builder.Inside().OnAttempt(2, "must-not-connect 10.0.4.254", Of({Done(v1::CONNECT, 0.4)}));
  EXPECT_EQ(SideOf(Compared(builder)).controls().negative_discarded(), 1U);
}

TEST(Controls, WhatNeverLeftTheInsideTellsNothing) {
  for (const v1::Failure failure : {v1::NO_ROUTE, v1::LOCAL_RESOURCE, v1::DENIED_BY_POLICY, v1::CANCELLED}) {
    RunBuilder builder;
    builder.Inside().On("must-not-connect", NoConnect(failure, 0));
    EXPECT_EQ(SideOf(Compared(builder)).controls().negative_usable(), 0U) << contract::Name(failure);
  }
}

TEST(Controls, AllAreDiscardedWithoutAnInside) {
  RunBuilder builder;
  builder.Inside().Missing("gone");
  EXPECT_EQ(SideOf(Compared(builder)).controls().negative_usable(), 0U);
  EXPECT_EQ(SideOf(Compared(builder)).controls().negative_discarded(), 3U);
}

TEST(Controls, SilenceDoesNotShowThatTheHostIsUp) {
  RunBuilder builder(kTarget, Way::kRouted);
  builder.Outside().On("must-not-connect", NoConnect(v1::TIMED_OUT, 2000));
  EXPECT_FALSE(SideOf(Compared(builder)).controls().host_up_by_refusal());
}

TEST(Controls, APositiveOneMustAnswerInside) {
  RunBuilder builder;
  builder.Inside().On("must-answer 10.0.0.2", NoConnect(v1::REFUSED, 0.4));
  EXPECT_EQ(SideOf(Compared(builder)).controls().positive_usable(), 1U);
}

TEST(Controls, AConnectIsNoAnswer) {
  RunBuilder builder;
  builder.Outside().On("must-answer", Mute(v1::EXCHANGE, 0.5));
  EXPECT_EQ(SideOf(Compared(builder)).controls().positive_answered(), 0U);
  EXPECT_EQ(SideOf(Compared(builder)).controls().positive_failed(), 2U);
}

TEST(Controls, APositiveOneOfAnotherRouteSaysNothing) {
  RunBuilder builder;
  v1::Step other = Done(v1::ROUTE_LOOKUP, 0.1);
  other.mutable_route()->set_interface("eth0");
  builder.Outside().On("route 10.0.0.2", Of({other}));
  EXPECT_EQ(SideOf(Compared(builder)).controls().positive_usable(), 1U);
}

TEST(Controls, AForwardLeadsToOneDestinationOnly) {
  EXPECT_EQ(SideOf(Compared(RunBuilder(kNamedTarget, Way::kForward))).controls().positive_usable(), 0U);
}

v1::Locality LocalityOf(const RunBuilder& builder) { return SideOf(Compared(builder)).locality(); }

TEST(Locality, LocalNeedsTwoControlsAndAShortConnect) {
  RunBuilder builder;
  EXPECT_EQ(LocalityOf(builder), v1::LOCAL);
  EXPECT_THAT(SideOf(Compared(builder)).locality_why(), HasSubstr("3 of 3"));
  builder.Inside().On("must-not-connect 10.0.4.172", Of({Done(v1::CONNECT, 0.4)}));
  EXPECT_EQ(LocalityOf(builder), v1::UNKNOWN_LOCALITY) << "one control is not enough";
}

TEST(Locality, UnderTenMillisecondsTheClockAloneIsNoEvidence) {
  RunBuilder builder(kTarget, Way::kSst, 9);
  builder.Outside().WithoutPrivilege();
  builder.Outside().On("must-not-connect", Of({Done(v1::CONNECT, 0.5)}));
  EXPECT_EQ(LocalityOf(builder), v1::UNKNOWN_LOCALITY);
}

TEST(Locality, AProcessThatHoldsTheInterfaceIsASecondWitness) {
  EXPECT_EQ(LocalityOf(RunBuilder(kTarget, Way::kSst, 9)), v1::LOCAL);
}

TEST(Locality, BetweenNearAndFarNothingIsSaid) {
  RunBuilder builder;
  builder.Outside().talk.connect_ms = 15;
  builder.Outside().On("must-not-connect", Of({Done(v1::CONNECT, 15)}));
  EXPECT_EQ(LocalityOf(builder), v1::UNKNOWN_LOCALITY);
}

TEST(Locality, AMiddleboxAnswersARoundTripAway) {
  RunBuilder builder;
  builder.Outside().talk.connect_ms = 41;
  builder.Outside().On("must-not-connect", Of({Done(v1::CONNECT, 41)}));
  EXPECT_EQ(LocalityOf(builder), v1::MIDDLEBOX);
}

TEST(Locality, TheOtherEndOfOurSocketIsProof) {
  for (const Way way : {Way::kRedsocks, Way::kSshuttle})
    EXPECT_EQ(LocalityOf(RunBuilder(kTarget, way, 0.5)), v1::LOCAL);
  EXPECT_EQ(LocalityOf(RunBuilder(kNamedTarget, Way::kForward, 0.5)), v1::LOCAL);
}

TEST(Locality, ACarrierThatCannotCarryIsProof) {
  RunBuilder builder(kTarget, Way::kSst, 2);
  builder.Inside().On("must-not-connect", Of({Done(v1::CONNECT, 0.4)}));  // no control is usable
  builder.Outside().carrier.clear_connections();
  builder.Outside().EverythingCloses(0.4).NoBanner(v1::TIMED_OUT);
  EXPECT_EQ(LocalityOf(builder), v1::LOCAL);
  builder.Outside().WithoutPrivilege();
  EXPECT_NE(LocalityOf(builder), v1::LOCAL) << "not permitted is not absent";
}

TEST(Locality, ALoopbackTargetThatIsMeantIsNoForward) {
  RunBuilder builder(kNamedTarget, Way::kForward, 0.5);
  builder.Outside().side.clear_connect_to();
  v1::Run run = builder.Build();
  for (v1::SideObservation& kept : *run.mutable_observations()) kept.mutable_observation()->set_via_connect_to(false);
  EXPECT_NE(SideOf(Compare(run).front()).locality(), v1::LOCAL);
}

TEST(Locality, RemoteWhereTheControlsHold) {
  EXPECT_EQ(LocalityOf(RunBuilder(kTarget, Way::kRouted)), v1::REMOTE);
  EXPECT_EQ(LocalityOf(RunBuilder(kTarget, Way::kWireGuard, 2)), v1::REMOTE);
}

TEST(Locality, NothingConnectedTellsNothing) {
  RunBuilder builder(kTarget, Way::kRouted);
  builder.Outside().NothingConnects(v1::TIMED_OUT);
  EXPECT_EQ(LocalityOf(builder), v1::UNKNOWN_LOCALITY);
}

v1::Rung RungAt(const RunBuilder& builder) { return SideOf(Compared(builder)).rung(); }
RunBuilder Ending(const Attempt& attempt, Way way = Way::kRouted) {
  RunBuilder builder(kTarget, way);
  builder.Outside().On("postgres", attempt);
  return builder;
}

TEST(Rungs, EachOfTheLadder) {
  EXPECT_EQ(RungAt(Ending(NoConnect(v1::REFUSED, 40))), v1::NOTHING);
  RunBuilder local = Ending(Mute(v1::SSL_REQUEST, 0.5), Way::kSst);
  local.Outside().WithoutSocks();
  EXPECT_EQ(RungAt(local), v1::SYN_ACK) << "it may be local";
  EXPECT_EQ(RungAt(Ending(Mute(v1::SSL_REQUEST, 40))), v1::CONTROLS_HOLD);
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Failed(v1::TLS_HANDSHAKE, v1::TIMED_OUT, 5000)))), v1::SERVER_BYTE);
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Failed(v1::STARTUP, v1::TIMED_OUT, 5000)))), v1::SAME_IDENTITY);
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Failed(v1::AUTHENTICATION, v1::TIMED_OUT, 5000)))), v1::AUTHENTICATED_STAGE);
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Said(v1::STARTUP, "28000", "no entry", 40)))), v1::AUTHENTICATED_STAGE);
  EXPECT_EQ(RungAt(RunBuilder()), v1::QUERY_RUNG) << "behind a local accept a query can be proved all the same";
}

TEST(Rungs, TheSocksPortCanVouchForATcpTarget) {
  RunBuilder builder("tcp://10.0.4.172:80");
  EXPECT_EQ(RungAt(builder), v1::CONTROLS_HOLD);
  EXPECT_EQ(Compared(builder).status(), v1::HEALTHY);
  builder.Outside().Socks("*", v1::NONE);  // it says yes to everything, the negative controls included
  EXPECT_EQ(RungAt(builder), v1::SYN_ACK);
  EXPECT_EQ(Compared(builder).status(), v1::CANNOT_TELL);
}

TEST(Judge, APositiveControlIsFineWhenItAnswered) {
  const v1::SideOutcome mute = Summary({Of({Done(v1::CONNECT, 0.5), Done(v1::LISTEN_UNASKED, 5000)})});
  const v1::SideOutcome speaks = Summary({Of({Done(v1::CONNECT, 0.5), Heard(v1::LISTEN_UNASKED, "SSH-2.0", 1)})});
  EXPECT_EQ(Judge(v1::POSITIVE_CONTROL, &speaks, &mute), v1::ONLY_OUTSIDE_FAILED);
  EXPECT_EQ(Judge(v1::TARGET, &speaks, &mute), v1::BOTH_FINE);
}

TEST(Rungs, AnotherCertificateIsNotTheSameIdentity) {
  support::Talk talk;
  talk.certificate = support::kOtherCertificate;
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Failed(v1::STARTUP, v1::TIMED_OUT, 5000), talk))), v1::SERVER_BYTE);
}

v1::Status StatusOf(const RunBuilder& builder) { return Compared(builder).status(); }

TEST(Status, OfEachKind) {
  EXPECT_EQ(StatusOf(RunBuilder()), v1::HEALTHY);
  EXPECT_EQ(StatusOf(Ending(NoConnect(v1::REFUSED, 40))), v1::DIVERGED);
  RunBuilder both = Ending(NoConnect(v1::REFUSED, 40));
  both.Inside().On("postgres", Mute(v1::SSL_REQUEST, 0.4));
  EXPECT_EQ(StatusOf(both), v1::BOTH_FAILED) << "alike or not";
  RunBuilder inside;
  inside.Inside().On("postgres", NoConnect(v1::REFUSED, 0.4));
  EXPECT_EQ(StatusOf(inside), v1::DIVERGED);
}

TEST(Status, AnotherIdentityIsADivergence) {
  RunBuilder builder;
  builder.Outside().talk.certificate = support::kOtherCertificate;
  EXPECT_EQ(StatusOf(builder), v1::DIVERGED);
  RunBuilder servers;
  servers.Outside().talk.system_identifier = "7310000000000000777";
  EXPECT_EQ(StatusOf(servers), v1::DIVERGED) << "one certificate, two clusters";
}

TEST(Status, TlsOnOneSideOnlyIsADivergence) {
  RunBuilder builder("postgres://app@10.0.4.172:5432/app?sslmode=prefer");
  builder.Outside().talk.tls = false;
  EXPECT_EQ(StatusOf(builder), v1::DIVERGED);
  builder.Inside().talk.tls = false;
  EXPECT_EQ(StatusOf(builder), v1::HEALTHY);
}

TEST(Status, AMissingSideIsNoGuess) {
  for (const bool inside : {true, false}) {
    RunBuilder builder;
    (inside ? builder.Inside() : builder.Outside()).Missing("ssh: connection timed out");
    const v1::Comparison comparison = Compared(builder);
    EXPECT_EQ(comparison.status(), v1::CANNOT_TELL);
    const v1::SideSummary side = SideOf(comparison, inside ? "inside" : "outside");
    EXPECT_FALSE(side.present());
    EXPECT_EQ(side.missing(), "ssh: connection timed out");
  }
}

TEST(Status, ASideThatDiedMidwayIsMissing) {
  RunBuilder builder;
  builder.Outside().Never("postgres").Never("must-");
  EXPECT_EQ(StatusOf(builder), v1::CANNOT_TELL);
}

TEST(Unlike, SaysWhy) {
  RunBuilder denied;
  denied.Outside().On("postgres", NoConnect(v1::DENIED_BY_POLICY, 0));
  EXPECT_TRUE(SideOf(Compared(denied)).unlike());
  EXPECT_THAT(SideOf(Compared(denied)).unlike_why(), HasSubstr("policy"));
  RunBuilder old;
  old.Inside().CannotAsk("postgres", v1::UNSUPPORTED, "no such probe");
  EXPECT_THAT(SideOf(Compared(old), "inside").unlike_why(), HasSubstr("does not support"));
  RunBuilder interrupted;
  interrupted.Inside().On("postgres", NoConnect(v1::CANCELLED, 1));
  EXPECT_THAT(SideOf(Compared(interrupted), "inside").unlike_why(), HasSubstr("interrupted"));
  RunBuilder lacking;
  lacking.Outside().On("postgres", NoConnect(v1::LOCAL_RESOURCE, 0));
  EXPECT_THAT(SideOf(Compared(lacking)).unlike_why(), HasSubstr("lacks"));
  for (const RunBuilder* builder : {&denied, &old, &interrupted, &lacking}) {
    EXPECT_EQ(StatusOf(*builder), v1::CANNOT_TELL);
  }
}

TEST(Unlike, AnotherDigest) {
  v1::Run run = RunBuilder().Build();
  run.mutable_phases(1)->mutable_sides(1)->set_digest("another");
  const v1::Comparison comparison = Compare(run).front();
  EXPECT_FALSE(comparison.digests_agree());
  EXPECT_TRUE(SideOf(comparison).unlike());
  EXPECT_EQ(comparison.status(), v1::CANNOT_TELL);
}

TEST(Unlike, OneAddressOfTwoThatWasNotRun) {
  RunBuilder builder(kNamedTarget);
  for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
    place->names["db.internal"] = {"10.0.4.172", "10.0.4.173"};
  }
  builder.Outside().Never("postgres 10.0.4.173");
  EXPECT_TRUE(SideOf(Compared(builder)).unlike());
}

TEST(SamePlace, ByTheHostKey) {
  RunBuilder builder;
  EXPECT_FALSE(SideOf(Compared(builder), "inside").same_place_as_bastion());
  auto* host = builder.Inside().side.mutable_agent()->mutable_host();
  host->add_ssh_host_keys("ssh-rsa SHA256:bastion");
  EXPECT_FALSE(SideOf(Compared(builder), "inside").same_place_as_bastion()) << "of another type";
  host->add_ssh_host_keys("ssh-ed25519 SHA256:bastion");
  EXPECT_TRUE(SideOf(Compared(builder), "inside").same_place_as_bastion());
  EXPECT_FALSE(SideOf(Compared(builder)).same_place_as_bastion());
}

TEST(Targets, EachHasAComparisonOfItsOwn) {
  RunBuilder builder;
  builder.AddTarget("postgres://other@10.0.4.172:5432/other?sslmode=require").AddTarget("tcp://10.0.4.200:80");
  builder.Outside().On("postgres 10.0.4.172:5432 #2", Mute(v1::SSL_REQUEST, 0.5));
  const std::vector<v1::Comparison> all = Compare(builder.Build());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].status(), v1::HEALTHY);
  EXPECT_EQ(all[1].status(), v1::DIVERGED);
  EXPECT_EQ(all[1].target().user(), "other");
  // The route and the tunnel of a shared address are known to both.
  for (const size_t i : {0U, 1U}) EXPECT_EQ(SideOf(all[i]).carrier().interface(), "sst") << i;
}

TEST(Targets, OnOneHostHaveTheTunnelsWordForTheirOwnPort) {
  RunBuilder builder("postgres://app@10.0.4.172:5432/app?sslmode=require", Way::kRedsocks);
  builder.AddTarget("tcp://10.0.4.172:9007");
  builder.Outside().Socks("10.0.4.172:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
  for (const v1::Comparison& comparison : Compare(builder.Build())) {
    const std::string own = HostPort("10.0.4.172", comparison.target().port());
    const v1::SideSummary outside = SideOf(comparison);
    const auto& socks = outside.socks();
    EXPECT_TRUE(std::any_of(socks.begin(), socks.end(), [&](const v1::Step& step) {
      return step.socks().destination() == own;
    })) << own;
  }
}

TEST(Targets, OneEndpointByItsNameAndByItsAddressHasOneTunnel) {
  RunBuilder builder(kNamedTarget);
  builder.AddTarget("postgres://app@10.0.4.172:5432/app?sslmode=require");
  const std::vector<v1::Comparison> all = Compare(builder.Build());
  ASSERT_EQ(all.size(), 2U);
  for (const v1::Comparison& comparison : all) {
    EXPECT_EQ(SideOf(comparison).carrier().interface(), "sst") << comparison.target().url();
    EXPECT_EQ(SideOf(comparison).route().interface(), "sst") << comparison.target().url();
  }
}

TEST(ConnectTo, ANameThatNobodyKnowsIsDialledWhereTheSideIsTold) {
  RunBuilder builder(kNamedTarget, Way::kForward);
  builder.Inside().names.clear();
  builder.Outside().names.clear();
  const std::vector<v1::Comparison> all = Compare(builder.Build());
  const v1::SideSummary outside = SideOf(all[0]);
  EXPECT_EQ(outside.rung(), v1::QUERY_RUNG) << all[0].status_why();
  EXPECT_TRUE(outside.healthy());
}

TEST(Password, ThatASideCannotTakeIsNoHealth) {
  for (const bool both : {false, true}) {
    RunBuilder builder;
    builder.Inside().talk.credentials = false;
    if (both) builder.Outside().talk.credentials = false;
    v1::Run run = builder.Build();
    run.mutable_targets(0)->set_credentials(true);
    const v1::Comparison comparison = Compare(run).front();
    EXPECT_EQ(comparison.status(), v1::CANNOT_TELL) << both;
    EXPECT_THAT(comparison.status_why(), ::testing::HasSubstr("inside has no password to log in with"));
    run.mutable_targets(0)->set_credentials(false);
    if (!both) continue;
    EXPECT_EQ(Compare(run).front().status(), v1::HEALTHY) << "none was given: as far as it goes";
  }
}

TEST(OneSide, APortIsHealthyWhereWhatMustNotConnectDoesNot) {
  RunBuilder builder("tcp://10.0.4.172:80", Way::kRouted);
  v1::Run run = builder.Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::HEALTHY) << Compare(run).front().status_why();
  RunBuilder some("tcp://10.0.4.172:80", Way::kRouted);
  some.Outside().On("must-not-connect 10.0.4.172:6", Of({Done(v1::CONNECT, 40)}));
  run = some.Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::CANNOT_TELL) << "one of them is accepted";
  run = RunBuilder("tcp://10.0.4.172:80", Way::kSshuttle).Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::CANNOT_TELL) << "it is accepted, and so is everything";
}

TEST(Targets, ThatOneSideDialsElsewhereHaveTheirOwnWays) {
  RunBuilder builder("postgres://app@writer.internal:5432/app?sslmode=require", Way::kForward);
  builder.AddTarget("postgres://app@reader.internal:5432/app?sslmode=require");
  for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
    place->names["writer.internal"] = place->names["reader.internal"] = {"10.0.4.172"};
  }
  for (const v1::Comparison& comparison : Compare(builder.Build())) {
    for (const v1::Pair& pair : comparison.pairs()) {
      if (pair.role() != v1::TUNNEL) continue;
      EXPECT_EQ(pair.host(), comparison.target().host());
    }
  }
}

TEST(ConnectTo, ASideThatDialsElsewhereDoesNotGoByTheName) {
  RunBuilder builder(kNamedTarget, Way::kForward);
  builder.Outside().names.clear();
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::HEALTHY) << comparison.status_why();
  EXPECT_EQ(SideOf(comparison).rung(), v1::QUERY_RUNG);
}

TEST(Witness, ThatFailsWhereTheOthersAreFineIsNoHealth) {
  RunBuilder builder;
  support::Place& witness = builder.Witness("bastion", Way::kRouted, 0.4);
  witness.On("postgres", NoConnect(v1::REFUSED, 0.4));
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::DIVERGED) << "every side healthy and alike is exit 0";
  EXPECT_FALSE(SideOf(comparison, "bastion").healthy());
  EXPECT_EQ(PairOf(comparison).sides_size(), 3);
}

TEST(ClockSkew, IsTheLargestBetweenTheSides) {
  RunBuilder builder;
  builder.Inside().side.set_clock_offset_ns(-2'000'000'000);
  builder.Outside().side.set_clock_offset_ns(1'000'000'000);
  EXPECT_EQ(Compared(builder).clock_skew_ns(), 3'000'000'000);
  builder.Inside().side.set_clock_offset_ns(std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Compared(builder).clock_skew_ns(), std::numeric_limits<int64_t>::max());
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
