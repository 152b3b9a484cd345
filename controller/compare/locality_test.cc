#include "controller/compare/locality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "contract/names.h"
#include "controller/compare/compare.h"
#include "controller/compare/compared_for_test.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::CarriedBy;
using support::Done;
using support::kNamedTarget;
using support::kTarget;
using support::Mute;
using support::NoConnect;
using support::Of;
using support::RunBuilder;
using ::testing::HasSubstr;

v1::Locality LocalityOf(const RunBuilder& builder) { return SideOf(Compared(builder)).locality(); }

TEST(Controls, CountWhereTheInsideDidNotConnect) {
  const v1::Comparison healthy = Compared(RunBuilder(kTarget, CarriedBy::kRouted));
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
  RunBuilder builder(kTarget, CarriedBy::kRouted);
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
  EXPECT_EQ(SideOf(Compared(RunBuilder(kNamedTarget, CarriedBy::kForward))).controls().positive_usable(), 0U);
}

TEST(Locality, LocalNeedsTwoControlsAndAShortConnect) {
  RunBuilder builder;
  EXPECT_EQ(LocalityOf(builder), v1::LOCAL);
  EXPECT_THAT(SideOf(Compared(builder)).locality_why(), HasSubstr("3 of 3"));
  builder.Inside().On("must-not-connect 10.0.4.172", Of({Done(v1::CONNECT, 0.4)}));
  EXPECT_EQ(LocalityOf(builder), v1::UNKNOWN_LOCALITY) << "one control is not enough";
}

TEST(Locality, UnderTenMillisecondsTheClockAloneIsNoEvidence) {
  RunBuilder builder(kTarget, CarriedBy::kSst, 9);
  builder.Outside().WithoutPrivilege();
  builder.Outside().On("must-not-connect", Of({Done(v1::CONNECT, 0.5)}));
  EXPECT_EQ(LocalityOf(builder), v1::UNKNOWN_LOCALITY);
}

TEST(Locality, AProcessThatHoldsTheInterfaceIsASecondWitness) {
  EXPECT_EQ(LocalityOf(RunBuilder(kTarget, CarriedBy::kSst, 9)), v1::LOCAL);
}

TEST(Locality, BetweenNearAndFarNothingIsSaid) {
  RunBuilder builder;
  builder.Outside().conversation.connect_ms = 15;
  builder.Outside().On("must-not-connect", Of({Done(v1::CONNECT, 15)}));
  EXPECT_EQ(LocalityOf(builder), v1::UNKNOWN_LOCALITY);
}

TEST(Locality, AMiddleboxAnswersARoundTripAway) {
  RunBuilder builder;
  builder.Outside().conversation.connect_ms = 41;
  builder.Outside().On("must-not-connect", Of({Done(v1::CONNECT, 41)}));
  EXPECT_EQ(LocalityOf(builder), v1::MIDDLEBOX);
}

TEST(Locality, TheOtherEndOfOurSocketIsProof) {
  for (const CarriedBy way : {CarriedBy::kRedsocks, CarriedBy::kSshuttle})
    EXPECT_EQ(LocalityOf(RunBuilder(kTarget, way, 0.5)), v1::LOCAL);
  EXPECT_EQ(LocalityOf(RunBuilder(kNamedTarget, CarriedBy::kForward, 0.5)), v1::LOCAL);
}

TEST(Locality, ACarrierThatCannotCarryIsProof) {
  RunBuilder builder(kTarget, CarriedBy::kSst, 2);
  builder.Inside().On("must-not-connect", Of({Done(v1::CONNECT, 0.4)}));  // no control is usable
  builder.Outside().carrier.clear_connections();
  builder.Outside().EverythingCloses(0.4).NoBanner(v1::TIMED_OUT);
  EXPECT_EQ(LocalityOf(builder), v1::LOCAL);
  builder.Outside().WithoutPrivilege();
  EXPECT_NE(LocalityOf(builder), v1::LOCAL) << "not permitted is not absent";
}

TEST(Locality, ALoopbackTargetThatIsMeantIsNoForward) {
  RunBuilder builder(kNamedTarget, CarriedBy::kForward, 0.5);
  builder.Outside().side.clear_connect_to();
  v1::Run run = builder.Build();
  for (v1::SideObservation& kept : *run.mutable_observations()) kept.mutable_observation()->set_via_connect_to(false);
  EXPECT_NE(SideOf(Compare(run).front()).locality(), v1::LOCAL);
}

TEST(Locality, RemoteWhereTheControlsHold) {
  EXPECT_EQ(LocalityOf(RunBuilder(kTarget, CarriedBy::kRouted)), v1::REMOTE);
  EXPECT_EQ(LocalityOf(RunBuilder(kTarget, CarriedBy::kWireGuard, 2)), v1::REMOTE);
}

TEST(Locality, NothingConnectedTellsNothing) {
  RunBuilder builder(kTarget, CarriedBy::kRouted);
  builder.Outside().NothingConnects(v1::TIMED_OUT);
  EXPECT_EQ(LocalityOf(builder), v1::UNKNOWN_LOCALITY);
}

}  // namespace
}  // namespace parallax::compare
