// No alarm where all is well.
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

// No alarm where all is well: every way, round trip, name and mode.
TEST(Healthy, RaisesNoAlarm) {
  for (const CarriedBy way : {CarriedBy::kRouted, CarriedBy::kSst, CarriedBy::kRedsocks, CarriedBy::kForward,
                              CarriedBy::kWireGuard, CarriedBy::kSshuttle}) {
    for (const double rtt_ms : {0.3, 2.0, 9.0, 40.0, 300.0}) {
      for (const std::string host : {"10.0.4.172", "db.internal"}) {
        for (const std::string mode : {"disable", "prefer", "require", "verify-full"}) {
          for (const bool credentials : {true, false}) {
            for (const bool privileged : {true, false}) {
              RunBuilder builder("postgres://app@" + host + ":5432/app?sslmode=" + mode, way, rtt_ms);
              if (!credentials) builder.WithoutCredentials();
              if (!privileged) builder.Outside().WithoutPrivilege();
              const v1::Report report = MakeReport(builder.Build());
              SCOPED_TRACE("way " + std::to_string(static_cast<int>(way)) + ", " + std::to_string(rtt_ms) + " ms, " +
                           host + ", " + mode + (credentials ? "" : ", no credentials") + "\n" + Everything(report));
              ASSERT_EQ(ExitCode(report), 0);
              for (const v1::Finding& finding : report.targets(0).diagnosis().findings()) {
                ASSERT_EQ(finding.severity(), v1::NOTE) << finding.cause();
              }
              const v1::Rung rung = credentials ? v1::QUERY_RUNG : v1::AUTHENTICATED_STAGE;
              for (const v1::SideSummary& side : report.targets(0).comparison().sides()) ASSERT_EQ(side.rung(), rung);
            }
          }
        }
      }
    }
  }
}

TEST(Healthy, TwoAgentsOnOneHostAreSaidToBe) {
  const v1::Report report = MakeReport(RunBuilder(support::kTarget, CarriedBy::kInside).Build());
  EXPECT_EQ(ExitCode(report), 0);
  ASSERT_GT(report.targets(0).diagnosis().findings_size(), 0);
  EXPECT_EQ(report.targets(0).diagnosis().findings(0).cause(), "vantage.unlike");
  EXPECT_EQ(report.targets(0).diagnosis().findings(0).severity(), v1::WARNING);
}

TEST(Healthy, OtherKindsOfTargets) {
  for (const CarriedBy way : {CarriedBy::kRouted, CarriedBy::kSst, CarriedBy::kWireGuard}) {
    for (const char* url : {"tls://10.0.4.172:443", "tls://db.internal:443", "dns:db.internal"}) {
      const v1::Report report = MakeReport(RunBuilder(url, way).Build());
      EXPECT_EQ(ExitCode(report), 0) << url << "\n" << Everything(report);
    }
  }
  EXPECT_EQ(ExitCode(MakeReport(RunBuilder("tcp://10.0.4.172:80", CarriedBy::kRouted).Build())), 0);
}

// A connect that the tunnel answers, and a server that waits for the client to speak.
TEST(Healthy, ATcpTargetThatNothingVouchesForIsNoFault) {
  RunBuilder builder("tcp://10.0.4.172:80");
  builder.Outside().WithoutSocks();
  const v1::Report report = MakeReport(builder.Build());
  EXPECT_EQ(report.status(), v1::CANNOT_TELL) << Everything(report);
  EXPECT_EQ(ExitCode(report), 3);
  EXPECT_FALSE(report.targets(0).diagnosis().has_verdict());
}

TEST(Healthy, TwoAddressesOfOneName) {
  RunBuilder builder(support::kNamedTarget);
  builder.Inside().names["db.internal"] = {"10.0.4.172", "10.0.4.173"};
  builder.Outside().names["db.internal"] = {"10.0.4.173", "10.0.4.172"};
  EXPECT_EQ(ExitCode(MakeReport(builder.Build())), 0);
}

TEST(Healthy, AHostWithoutIpv6DialsTheOtherAddress) {
  RunBuilder builder(support::kNamedTarget);
  for (support::SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
    world->names["db.internal"] = {"10.0.4.172", "fd00:4::172"};
  }
  builder.Inside().side.mutable_agent()->mutable_host()->mutable_interfaces(1)->add_addresses("fd00:8::50/64");
  builder.Outside().On("postgres [fd00", support::NoConnect(v1::NO_ROUTE, 0.01));
  EXPECT_EQ(ExitCode(MakeReport(builder.Build())), 0) << Everything(MakeReport(builder.Build()));
  // Without the other there is nothing left to dial.
  builder.Outside().On("postgres 10.0.4.172", support::NoConnect(v1::REFUSED, 40));
  EXPECT_EQ(ExitCode(MakeReport(builder.Build())), 1);
}

TEST(Healthy, BothSidesInOneNetwork) {
  RunBuilder builder(support::kTarget, CarriedBy::kInside, 0.4);
  builder.Outside().side.mutable_agent()->mutable_host()->mutable_interfaces(1)->set_addresses(0, "10.0.8.51/22");
  EXPECT_EQ(ExitCode(MakeReport(builder.Build())), 0);
}

}  // namespace
}  // namespace parallax::diagnose
