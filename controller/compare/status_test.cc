#include "controller/compare/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/compare/compare.h"
#include "controller/compare/compared_for_test.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::Attempt;
using support::CarriedBy;
using support::Done;
using support::kNamedTarget;
using support::kTarget;
using support::Mute;
using support::NoConnect;
using support::Of;
using support::RunBuilder;
using ::testing::HasSubstr;

RunBuilder Ending(const Attempt& attempt, CarriedBy way = CarriedBy::kRouted) {
  RunBuilder builder(kTarget, way);
  builder.Outside().On("postgres", attempt);
  return builder;
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
  builder.Outside().conversation.certificate = support::kOtherCertificate;
  EXPECT_EQ(StatusOf(builder), v1::DIVERGED);
  RunBuilder servers;
  servers.Outside().conversation.system_identifier = "7310000000000000777";
  EXPECT_EQ(StatusOf(servers), v1::DIVERGED) << "one certificate, two clusters";
}

TEST(Status, TlsOnOneSideOnlyIsADivergence) {
  RunBuilder builder("postgres://app@10.0.4.172:5432/app?sslmode=prefer");
  builder.Outside().conversation.tls = false;
  EXPECT_EQ(StatusOf(builder), v1::DIVERGED);
  builder.Inside().conversation.tls = false;
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
  for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
    world->names["db.internal"] = {"10.0.4.172", "10.0.4.173"};
  }
  builder.Outside().Never("postgres 10.0.4.173");
  EXPECT_TRUE(SideOf(Compared(builder)).unlike());
}

TEST(Password, ThatASideCannotTakeIsNoHealth) {
  for (const bool both : {false, true}) {
    RunBuilder builder;
    builder.Inside().conversation.credentials = false;
    if (both) builder.Outside().conversation.credentials = false;
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
  RunBuilder builder("tcp://10.0.4.172:80", CarriedBy::kRouted);
  v1::Run run = builder.Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::HEALTHY) << Compare(run).front().status_why();
  RunBuilder some("tcp://10.0.4.172:80", CarriedBy::kRouted);
  some.Outside().On("must-not-connect 10.0.4.172:6", Of({Done(v1::CONNECT, 40)}));
  run = some.Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::CANNOT_TELL) << "one of them is accepted";
  run = RunBuilder("tcp://10.0.4.172:80", CarriedBy::kSshuttle).Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::CANNOT_TELL) << "it is accepted, and so is everything";
}

TEST(Witness, ThatFailsWhereTheOthersAreFineIsNoHealth) {
  RunBuilder builder;
  support::SideWorld& witness = builder.Witness("bastion", CarriedBy::kRouted, 0.4);
  witness.On("postgres", NoConnect(v1::REFUSED, 0.4));
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::DIVERGED) << "every side healthy and alike is exit 0";
  EXPECT_FALSE(SideOf(comparison, "bastion").healthy());
  EXPECT_EQ(PairOf(comparison).sides_size(), 3);
}

}  // namespace
}  // namespace parallax::compare
