#include "controller/diagnose/diagnose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "contract/names.h"
#include "controller/diagnose/found_for_test.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {
namespace {

using support::CarriedBy;
using support::RunBuilder;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Address, WhatIsKnownOfOneIsNotSaidOfAnother) {
  const v1::Finding verdict =
      VerdictOf(CaseOf("target.unreachable", "at the one address, while the other refuses a closed port"));
  EXPECT_THAT(EvidenceOf(verdict), Not(HasSubstr("closed port")));
  EXPECT_THAT(verdict.summary(), HasSubstr("down, gone, or filtered"));
  RunBuilder own(support::kTarget, CarriedBy::kRouted);
  for (support::SideWorld* world : {&own.Inside(), &own.Outside()}) {
    world->On("postgres", support::NoConnect(v1::TIMED_OUT, 5000));
    world->On("must-not-connect 10.0.4.172", support::NoConnect(v1::REFUSED, 0.4));
  }
  const v1::Finding up = MakeReport(own.Build()).targets(0).diagnosis().verdict();
  EXPECT_THAT(EvidenceOf(up), HasSubstr("a closed port of 10.0.4.172")) << up.cause();
}

TEST(Tunnels, AnIdleOneIsOneOfWhateverKind) {
  for (const char* kind : {"tun", "wireguard", "ovpn", "amneziawg", "ip6tnl", "sit", "gretap", "ppp"}) {
    RunBuilder builder = CaseOf("route.not_through_tunnel", "the tunnel is up and its routes are gone").build();
    for (v1::Interface& interface : *builder.Outside().side.mutable_agent()->mutable_host()->mutable_interfaces()) {
      if (interface.name() == "sst") interface.set_link_kind(contract::LinkKindFromName(kind));
    }
    EXPECT_EQ(MakeReport(builder.Build()).targets(0).diagnosis().verdict().cause(), "route.not_through_tunnel") << kind;
  }
}

// A map of one host and port is no word about other targets.
TEST(ConnectTo, OfAnotherHostChangesNothing) {
  for (const char* url : {"tcp://a.internal:80", "postgres://app@a.internal:5432/app?sslmode=require"}) {
    for (const bool mapped : {false, true}) {
      RunBuilder builder(url, CarriedBy::kSst);
      std::string other = url;
      other.replace(other.find("a.internal"), 1, "b");
      builder.AddTarget(other);
      for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
        world->names["a.internal"] = world->names["b.internal"] = {"10.0.4.172"};
      }
      v1::ConnectTo map;
      map.set_host("c.internal");
      map.set_port(5432);
      map.set_to_host("127.0.0.1");
      map.set_to_port(15432);
      if (mapped) *builder.Outside().side.add_connect_to() = map;
      const v1::Report report = MakeReport(builder.Build());
      ASSERT_EQ(report.targets_size(), 2);
      for (const v1::TargetReport& target : report.targets()) {
        EXPECT_EQ(target.comparison().status(), v1::HEALTHY) << url << mapped << Everything(report);
        bool located = false;
        for (const v1::Pair& pair : target.comparison().pairs()) located = located || pair.role() == v1::TUNNEL;
        EXPECT_TRUE(located) << url << mapped;
      }
    }
  }
}

TEST(Verdict, SaysThatTheInsideIsTheBastion) {
  RunBuilder builder;
  builder.Inside().side.mutable_agent()->mutable_host()->set_ssh_host_keys(0, "ssh-ed25519 SHA256:bastion");
  builder.Inside().On("postgres", support::NoConnect(v1::TIMED_OUT, 5000));
  builder.Outside().On("postgres", support::Mute(v1::SSL_REQUEST, 0.5));
  const v1::Report report = MakeReport(builder.Build());
  const v1::Finding& verdict = report.targets(0).diagnosis().verdict();
  EXPECT_EQ(verdict.cause(), "target.unreachable") << Everything(report);
  EXPECT_LT(verdict.confidence(), 0.7);
  EXPECT_FALSE(verdict.next_evidence().empty());
}

TEST(Verdict, WithAMissingSideNamesWhatOneSideProves) {
  RunBuilder builder;
  builder.Inside().Missing("ssh: connection timed out");
  builder.Outside().carrier.clear_connections();
  builder.Outside().WithoutSocks().EverythingCloses(0.4);
  const v1::Report report = MakeReport(builder.Build());
  EXPECT_EQ(report.status(), v1::CANNOT_TELL);
  EXPECT_EQ(report.targets(0).diagnosis().verdict().cause(), "tunnel.carrier_dead") << Everything(report);
  EXPECT_EQ(ExitCode(report), 1);
}

TEST(Verdict, OfSeveralTargetsTheWorst) {
  RunBuilder builder;
  builder.AddTarget("postgres://app@10.0.4.200:5432/app?sslmode=require");
  builder.Outside().On("postgres 10.0.4.200", support::Mute(v1::SSL_REQUEST, 0.5));
  const v1::Report report = MakeReport(builder.Build());
  ASSERT_EQ(report.targets_size(), 2);
  EXPECT_EQ(report.targets(0).comparison().status(), v1::HEALTHY);
  EXPECT_EQ(report.worst(), 1U);
  EXPECT_EQ(report.status(), v1::DIVERGED);
  EXPECT_EQ(ExitCode(report), 1);
}

}  // namespace
}  // namespace parallax::diagnose
