#include "controller/compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "controller/compare/compared_for_test.h"
#include "controller/compare/words.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::CarriedBy;
using support::kNamedTarget;
using support::Mute;
using support::RunBuilder;

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
  RunBuilder builder("postgres://app@10.0.4.172:5432/app?sslmode=require", CarriedBy::kRedsocks);
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
  RunBuilder builder(kNamedTarget, CarriedBy::kForward);
  builder.Inside().names.clear();
  builder.Outside().names.clear();
  const std::vector<v1::Comparison> all = Compare(builder.Build());
  const v1::SideSummary outside = SideOf(all[0]);
  EXPECT_EQ(outside.rung(), v1::QUERY_RUNG) << all[0].status_why();
  EXPECT_TRUE(outside.healthy());
}

TEST(Targets, ThatOneSideDialsElsewhereHaveTheirOwnWays) {
  RunBuilder builder("postgres://app@writer.internal:5432/app?sslmode=require", CarriedBy::kForward);
  builder.AddTarget("postgres://app@reader.internal:5432/app?sslmode=require");
  for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
    world->names["writer.internal"] = world->names["reader.internal"] = {"10.0.4.172"};
  }
  for (const v1::Comparison& comparison : Compare(builder.Build())) {
    for (const v1::Pair& pair : comparison.pairs()) {
      if (pair.role() != v1::TUNNEL) continue;
      EXPECT_EQ(pair.host(), comparison.target().host());
    }
  }
}

TEST(ConnectTo, ASideThatDialsElsewhereDoesNotGoByTheName) {
  RunBuilder builder(kNamedTarget, CarriedBy::kForward);
  builder.Outside().names.clear();
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.status(), v1::HEALTHY) << comparison.status_why();
  EXPECT_EQ(SideOf(comparison).rung(), v1::QUERY_RUNG);
}

TEST(ClockSkew, IsTheLargestBetweenTheSides) {
  RunBuilder builder;
  builder.Inside().side.set_clock_offset_ns(-2'000'000'000);
  builder.Outside().side.set_clock_offset_ns(1'000'000'000);
  EXPECT_EQ(Compared(builder).clock_skew_ns(), 3'000'000'000);
  builder.Inside().side.set_clock_offset_ns(std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Compared(builder).clock_skew_ns(), std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace parallax::compare
