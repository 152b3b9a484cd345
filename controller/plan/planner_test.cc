#include "controller/plan/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "contract/limits.h"
#include "controller/diagnose/diagnose.h"
#include "controller/diagnose/wanted.h"
#include "controller/plan/addresses.h"
#include "controller/plan/controls.h"
#include "controller/plan/health.h"
#include "tests/support/run_builder.h"

namespace parallax::plan {
namespace {

using support::CarriedBy;
using support::RunBuilder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string> Names(const v1::Plan& plan, v1::Role role = v1::ROLE_UNSPECIFIED) {
  std::vector<std::string> names;
  for (const v1::ProbeSpec& spec : plan.probes()) {
    if (role == v1::ROLE_UNSPECIFIED || spec.role() == role) names.push_back(spec.name());
  }
  return names;
}

v1::ProbeSpec Probe(const v1::Plan& plan, const std::string& name) {
  for (const v1::ProbeSpec& spec : plan.probes()) {
    if (spec.name() == name) return spec;
  }
  ADD_FAILURE() << "no probe " << name;
  return {};
}

void ExpectSound(const v1::Plan& plan) {
  EXPECT_TRUE(contract::ValidatePlan(plan).ok()) << contract::ValidatePlan(plan);
  std::set<std::string> names;
  for (const v1::ProbeSpec& spec : plan.probes()) {
    EXPECT_TRUE(names.insert(spec.name()).second) << spec.name() << " stands there twice";
    EXPECT_GT(spec.timeout_ms(), 0);
    EXPECT_GE(spec.timeout_ms(), spec.step_timeout_ms());
    EXPECT_NE(spec.role(), v1::ROLE_UNSPECIFIED);
    EXPECT_NE(spec.target(), "");
  }
}

TEST(PlanNames, EachNameOnceAndNoLiteral) {
  RunBuilder builder(support::kNamedTarget);
  builder.AddTarget("tcp://db.internal:80").AddTarget("tcp://10.0.0.2:53").AddTarget("dns:other.internal");
  const v1::Plan plan = PlanNames(builder.options);
  EXPECT_THAT(Names(plan), ElementsAre("dns db.internal", "dns other.internal"));
  EXPECT_EQ(plan.attempts(), 1U);
  ExpectSound(plan);
}

TEST(PlanHealth, AsksTheEndpointAsOftenAsTheTarget) {
  const auto endpoint = ParseHealthUrl("https://api.example.com/health?full=1#/database/status=connected");
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  Options options;
  options.repeats = 5;
  const v1::Plan plan = PlanHealth(options, *endpoint);
  ExpectSound(plan);
  EXPECT_EQ(plan.attempts(), 5U);
  EXPECT_EQ(plan.SerializeAsString(), PlanHealth(options, *endpoint).SerializeAsString());
  ASSERT_EQ(plan.probes_size(), 1);
  const v1::ProbeSpec& spec = plan.probes(0);
  EXPECT_EQ(spec.role(), v1::HEALTH);
  EXPECT_EQ(spec.name(), "health api.example.com:443");
  EXPECT_TRUE(spec.http().tls() && spec.http().verify());
  EXPECT_EQ(spec.http().path(), "/health?full=1");
  EXPECT_FALSE(spec.http().follow_redirects()) << "a page to log in at says nothing about the database";
  ASSERT_EQ(spec.http().expect_size(), 1);
  EXPECT_EQ(spec.http().expect(0).json_pointer(), "/database/status");
  EXPECT_EQ(spec.http().expect(0).equals(), "connected");
  EXPECT_EQ(spec.http().bearer().ref(), "") << "no secret of the target's goes there";

  const auto moved = ParseHealthUrl("https://api.example.com/health#redirects=follow&/database/status=connected");
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_TRUE(PlanHealth(options, *moved).probes(0).http().follow_redirects());
}

TEST(PlanHealth, UrlsThatAreNone) {
  for (const char* url : {"postgres://h:1/d", "tcp://h:1", "https://", "https://me:secret@h/health", "http://me@h/"}) {
    const auto endpoint = ParseHealthUrl(url);
    EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_EQ(std::string(endpoint.status().message()).find("secret"), std::string::npos);
  }
}

TEST(PlanLocate, RouteAndTunnelForTheUnionOfAddresses) {
  RunBuilder builder(support::kNamedTarget);
  builder.Outside().names["db.internal"] = {"203.0.113.9"};
  const v1::Plan plan = PlanLocate(builder.options, builder.Build());
  EXPECT_THAT(Names(plan),
              IsSupersetOf({"route 10.0.4.172", "tunnel 10.0.4.172", "route 203.0.113.9", "tunnel 203.0.113.9"}));
  // The ways of the positive controls are asked too: one that takes another tells nothing.
  EXPECT_THAT(Names(plan), IsSupersetOf({"route 10.0.0.2", "route 10.0.8.50"}));
  ExpectSound(plan);
}

TEST(PlanLocate, TheTargetIsNoPositiveControlOfItself) {
  const RunBuilder builder;
  const v1::TunnelProbe tunnel = Probe(PlanLocate(builder.options, builder.Build()), "tunnel 10.0.4.172").tunnel();
  ASSERT_EQ(tunnel.socks_destinations_size(), tunnel.socks_negative_size());
  std::vector<std::string> positives;
  for (int i = 0; i < tunnel.socks_destinations_size(); ++i) {
    const v1::Endpoint& to = tunnel.socks_destinations(i);
    EXPECT_FALSE(to.address() == "10.0.4.172" && to.port() == 5432) << "it is spoken to as the destination itself";
    if (!tunnel.socks_negative(i)) positives.push_back(to.address());
  }
  EXPECT_THAT(positives, ElementsAre("10.0.0.2", "10.0.8.50"));
}

TEST(PlanLocate, NothingWithoutAnAddress) {
  RunBuilder builder(support::kNamedTarget);
  builder.Inside().names.clear();
  builder.Outside().names.clear();
  EXPECT_THAT(PlanLocate(builder.options, builder.Build()).probes(), IsEmpty());
  EXPECT_THAT(PlanProbe(builder.options, builder.Build()).probes(), IsEmpty());
}

TEST(PlanProbe, ThePairsOfTheUnionAndTheirControls) {
  RunBuilder builder(support::kNamedTarget);
  builder.Outside().names["db.internal"] = {"203.0.113.9"};
  const v1::Plan plan = PlanProbe(builder.options, builder.Build());
  EXPECT_THAT(Names(plan, v1::TARGET), ElementsAre("postgres 10.0.4.172:5432", "postgres 203.0.113.9:5432"));
  EXPECT_THAT(Names(plan, v1::NEGATIVE_CONTROL),
              ElementsAre("must-not-connect 10.0.4.172:6", "must-not-connect 10.0.4.172:10",
                          "must-not-connect 10.0.4.254:5432", "must-not-connect 203.0.113.9:6",
                          "must-not-connect 203.0.113.9:10", "must-not-connect 203.0.113.254:5432"));
  EXPECT_THAT(Names(plan, v1::POSITIVE_CONTROL), ElementsAre("must-answer 10.0.0.2:53", "must-answer 10.0.8.50:22"));
  EXPECT_EQ(plan.attempts(), 3U);
  EXPECT_EQ(plan.stagger_ms(), 300);
  ExpectSound(plan);
}

TEST(PlanProbe, TheEndpointKeepsTheNameAndPinsTheAddress) {
  const RunBuilder builder(support::kNamedTarget);
  const v1::PostgresProbe probe =
      Probe(PlanProbe(builder.options, builder.Build()), "postgres 10.0.4.172:5432").postgres();
  EXPECT_EQ(probe.endpoint().host(), "db.internal");
  EXPECT_EQ(probe.endpoint().address(), "10.0.4.172");
  EXPECT_EQ(probe.user(), "app");
  EXPECT_EQ(probe.database(), "app");
  EXPECT_EQ(probe.ssl_mode(), v1::REQUIRE);
  EXPECT_EQ(probe.password().ref(), "env:PGPASSWORD");
}

TEST(PlanProbe, NegativeControlsOnlyConnectAndPositiveOnesAsk) {
  const RunBuilder builder;
  const v1::Plan plan = PlanProbe(builder.options, builder.Build());
  const v1::ProbeSpec negative = Probe(plan, "must-not-connect 10.0.4.172:6");
  EXPECT_EQ(negative.tcp().send(), "");
  EXPECT_EQ(negative.tcp().listen_ms(), 0U);
  EXPECT_LE(negative.timeout_ms(), 2000) << "silence is what is expected: it is not waited for long";
  EXPECT_NE(Probe(plan, "must-answer 10.0.0.2:53").tcp().send(), "");
  EXPECT_GT(Probe(plan, "must-answer 10.0.8.50:22").tcp().listen_ms(), 0U);
}

TEST(PlanProbe, TwoTargetsOnOneEndpointHaveNamesOfTheirOwn) {
  RunBuilder builder;
  builder.AddTarget("postgres://other@10.0.4.172:5432/other");
  const v1::Plan plan = PlanProbe(builder.options, builder.Build());
  EXPECT_THAT(Names(plan), Contains("postgres 10.0.4.172:5432"));
  EXPECT_THAT(Names(plan), Contains("postgres 10.0.4.172:5432 #2"));
  ExpectSound(plan);
  ExpectSound(PlanLocate(builder.options, builder.Build()));
}

TEST(PlanProbe, ManyTargetsStayWithinTheContract) {
  RunBuilder builder;
  for (int i = 0; i < 40; ++i) builder.AddTarget("tcp://10.0.5." + std::to_string(i + 1) + ":80");
  ExpectSound(PlanLocate(builder.options, builder.Build()));
  ExpectSound(PlanProbe(builder.options, builder.Build()));
}

TEST(PlanProbe, TheSameInputGivesTheSameBytes) {
  RunBuilder one(support::kNamedTarget);
  RunBuilder two(support::kNamedTarget);
  for (RunBuilder* builder : {&one, &two}) {
    builder->Inside().names["db.internal"] = {"10.0.4.172", "10.0.4.9"};
    builder->Outside().names["db.internal"] = {"10.0.4.9", "203.0.113.9"};
    builder->Control("tcp://10.0.12.60:5432");
  }
  EXPECT_EQ(PlanProbe(one.options, one.Build()).SerializeAsString(),
            PlanProbe(two.options, two.Build()).SerializeAsString());
  EXPECT_EQ(PlanLocate(one.options, one.Build()).SerializeAsString(),
            PlanLocate(two.options, two.Build()).SerializeAsString());
}

TEST(Addresses, TheUnionIsSortedAndBounded) {
  RunBuilder builder(support::kNamedTarget);
  builder.Inside().names["db.internal"] = {"10.0.4.3", "10.0.4.1", "10.0.4.2", "10.0.4.4"};
  builder.Outside().names["db.internal"] = {"10.0.4.9", "10.0.4.8", "10.0.4.7", "10.0.4.4"};
  const v1::Run run = builder.Build();
  EXPECT_THAT(AddressesOf(run.targets(0), run),
              ElementsAre("10.0.4.1", "10.0.4.2", "10.0.4.3", "10.0.4.4", "10.0.4.7", "10.0.4.8"));
}

TEST(Addresses, NoSideIsCrowdedOutOfTheUnion) {
  RunBuilder builder(support::kNamedTarget);
  builder.Inside().names["db.internal"] = {"10.0.4.1", "10.0.4.2", "10.0.4.3", "10.0.4.4", "10.0.4.5", "10.0.4.6"};
  builder.Outside().names["db.internal"] = {"203.0.113.9"};
  const v1::Run run = builder.Build();
  EXPECT_THAT(AddressesOf(run.targets(0), run), SizeIs(kMaxAddresses));
  EXPECT_THAT(AddressesOf(run.targets(0), run), Contains("203.0.113.9"));
}

TEST(Addresses, WhatAllSidesHaveIsAmongThem) {
  RunBuilder builder(support::kNamedTarget);
  builder.Inside().names["db.internal"] = {"10.0.4.1", "10.0.4.2", "10.0.4.3", "10.0.4.4", "10.0.4.99"};
  builder.Outside().names["db.internal"] = {"10.0.4.11", "10.0.4.12", "10.0.4.13", "10.0.4.14", "10.0.4.99"};
  const v1::Run run = builder.Build();
  EXPECT_THAT(AddressesOf(run.targets(0), run), SizeIs(kMaxAddresses));
  EXPECT_THAT(AddressesOf(run.targets(0), run), Contains("10.0.4.99"));
  EXPECT_THAT(AddressesOf(run.targets(0), run), Contains("10.0.4.1"));
  EXPECT_THAT(AddressesOf(run.targets(0), run), Contains("10.0.4.11"));
}

TEST(Addresses, Ipv6OnlyWhereASideHasIt) {
  RunBuilder builder(support::kNamedTarget);
  builder.Inside().names["db.internal"] = {"10.0.4.172", "fd00:4::172"};
  EXPECT_THAT(AddressesOf(builder.options.targets[0], builder.Build()), ElementsAre("10.0.4.172"));
  builder.Inside().side.mutable_agent()->mutable_host()->mutable_interfaces(1)->add_addresses("fe80::1/64");
  EXPECT_THAT(AddressesOf(builder.options.targets[0], builder.Build()), ElementsAre("10.0.4.172"));
  builder.Inside().side.mutable_agent()->mutable_host()->mutable_interfaces(1)->add_addresses("fd00:8::50/64");
  EXPECT_THAT(AddressesOf(builder.options.targets[0], builder.Build()), ElementsAre("10.0.4.172", "fd00:4::172"));
}

TEST(Addresses, OneThatIsNamedIsItself) {
  const RunBuilder v6("postgres://app@[fd00:4::172]:5432/app", CarriedBy::kRouted);
  const v1::Plan plan = PlanProbe(v6.options, v6.Build());
  EXPECT_THAT(Names(plan, v1::TARGET), ElementsAre("postgres [fd00:4::172]:5432"));
  // Nothing is the last address of an IPv6 subnet.
  EXPECT_THAT(Names(plan, v1::NEGATIVE_CONTROL),
              ElementsAre("must-not-connect [fd00:4::172]:6", "must-not-connect [fd00:4::172]:10"));
}

v1::Hello HostWith(const std::string& address) {
  v1::Hello hello;
  hello.mutable_host()->add_interfaces()->add_addresses(address);
  return hello;
}

TEST(LastUsable, OfTheInsidesOwnPrefixWhenThatHoldsTheTarget) {
  EXPECT_EQ(LastUsableAddress("10.0.9.7", HostWith("10.0.8.50/22")), "10.0.11.254");
  EXPECT_EQ(LastUsableAddress("10.0.4.172", HostWith("10.0.8.50/22")), "10.0.4.254");
  EXPECT_EQ(LastUsableAddress("10.0.4.172", HostWith("10.0.8.50/8")), "10.0.4.254") << "of too large a prefix";
  EXPECT_EQ(LastUsableAddress("10.0.8.51", HostWith("10.0.8.50/30")), "10.0.8.254") << "of too small a prefix";
  EXPECT_EQ(LastUsableAddress("10.0.8.51", HostWith("10.0.8.50/99")), "10.0.8.254");
  EXPECT_EQ(LastUsableAddress("10.0.8.51", HostWith("nonsense")), "10.0.8.254");
  EXPECT_EQ(LastUsableAddress("10.0.8.51", v1::Hello()), "10.0.8.254");
}

TEST(LastUsable, IsNeverTheTargetItself) {
  EXPECT_EQ(LastUsableAddress("10.0.4.254", v1::Hello()), "10.0.4.253");
  EXPECT_EQ(LastUsableAddress("10.0.11.254", HostWith("10.0.8.50/22")), "10.0.11.253");
  EXPECT_EQ(LastUsableAddress("255.255.255.255", v1::Hello()), "255.255.255.254");
  EXPECT_EQ(LastUsableAddress("fd00::5", v1::Hello()), "");
  EXPECT_EQ(LastUsableAddress("db.internal", v1::Hello()), "");
}

TEST(Controls, ThePortOfTheTargetIsNotUnlikely) {
  const RunBuilder builder("tcp://10.0.4.172:6");
  EXPECT_THAT(
      Names(PlanProbe(builder.options, builder.Build()), v1::NEGATIVE_CONTROL),
      ElementsAre("must-not-connect 10.0.4.172:10", "must-not-connect 10.0.4.172:8", "must-not-connect 10.0.4.254:6"));
}

TEST(Controls, TheUnusedAddressIsNotOneThatTheTargetHasToo) {
  RunBuilder builder(support::kNamedTarget);
  builder.Inside().names["db.internal"] = {"10.0.4.172", "10.0.4.254"};
  const v1::Plan plan = PlanProbe(builder.options, builder.Build());
  EXPECT_THAT(Names(plan, v1::NEGATIVE_CONTROL), Not(Contains("must-not-connect 10.0.4.254:5432")));
}

TEST(Controls, ALoopbackResolverIsAnotherOnEveryHost) {
  RunBuilder builder;
  auto* host = builder.Inside().side.mutable_agent()->mutable_host();
  host->clear_resolvers();
  for (const char* resolver : {"127.0.0.53", "::1", "169.254.169.253", "fe80::1"}) host->add_resolvers(resolver);
  EXPECT_THAT(Names(PlanProbe(builder.options, builder.Build()), v1::POSITIVE_CONTROL),
              ElementsAre("must-answer 10.0.8.50:22"));
}

TEST(Controls, NeverTheTargetItselfAndNoneTwice) {
  RunBuilder builder("tcp://10.0.0.2:53");
  builder.Control("tcp://10.0.0.2:53").Control("tcp://10.0.8.50:22").Control("tcp://10.0.12.60:5432");
  EXPECT_THAT(Names(PlanProbe(builder.options, builder.Build()), v1::POSITIVE_CONTROL),
              ElementsAre("must-answer 10.0.8.50:22", "must-answer 10.0.12.60:5432"));
}

TEST(Controls, WithoutAnInsideOnlyWhatWasNamed) {
  RunBuilder builder;
  builder.Inside().Missing("ssh: no route to host");
  EXPECT_THAT(Names(PlanProbe(builder.options, builder.Build()), v1::POSITIVE_CONTROL), IsEmpty());
  builder.Control("tcp://proxy.internal:5432");
  const v1::Plan plan = PlanProbe(builder.options, builder.Build());
  EXPECT_EQ(Probe(plan, "must-answer proxy.internal:5432").tcp().endpoint().address(), "");
  EXPECT_EQ(Probe(plan, "must-answer proxy.internal:5432").tcp().send().size(), 8U) << "an SSLRequest";
}

// Both sides fail, and the inside is silent after its connect: is it PostgreSQL at all?
RunBuilder Frozen() {
  RunBuilder builder(support::kTarget, CarriedBy::kRouted);
  builder.Inside().On("postgres", support::Mute(v1::SSL_REQUEST, 0.4));
  builder.Outside().On("postgres", support::Mute(v1::SSL_REQUEST, 40));
  return builder;
}

std::vector<v1::TargetReport> Reports(const v1::Run& run) {
  const v1::Report report = diagnose::MakeReport(run);
  return {report.targets().begin(), report.targets().end()};
}

TEST(PlanInvestigation, AsksWhatIsWanted) {
  const RunBuilder builder = Frozen();
  const v1::Run run = builder.Build();
  const auto plan = PlanInvestigation(builder.options, run, Reports(run));
  ASSERT_TRUE(plan.has_value());
  ExpectSound(*plan);
  EXPECT_THAT(Names(*plan), ElementsAre("listen-then-http 10.0.4.172:5432"));
  const v1::ProbeSpec& spec = plan->probes(0);
  EXPECT_EQ(spec.role(), v1::INVESTIGATION);
  EXPECT_NE(spec.why(), "");
  EXPECT_TRUE(spec.tcp().send_http_line());
  EXPECT_EQ(plan->attempts(), 1U);
}

TEST(PlanInvestigation, AsksOnce) {
  RunBuilder builder = Frozen();
  builder.Investigate();
  const v1::Run run = builder.Build();
  ASSERT_EQ(run.phases_size(), 3) << "locate, probe, investigate";
  EXPECT_FALSE(PlanInvestigation(builder.options, run, Reports(run)).has_value());
}

TEST(PlanInvestigation, NothingWhereAllIsWell) {
  const RunBuilder builder;
  const v1::Run run = builder.Build();
  EXPECT_FALSE(PlanInvestigation(builder.options, run, Reports(run)).has_value());
  EXPECT_FALSE(PlanInvestigation(builder.options, run, {}).has_value());
}

TEST(PlanInvestigation, NeverSendsCredentials) {
  RunBuilder builder("postgres://app@10.0.4.172:5432/app?sslmode=require");
  const v1::Run run = builder.Build();
  std::vector<v1::TargetReport> reports = Reports(run);
  for (const std::string_view wanted :
       {diagnose::kListenThenHttp, diagnose::kPaddedClientHello, diagnose::kMessageSize, diagnose::kSslModeMatrix}) {
    reports[0].mutable_diagnosis()->add_wanted_probes(std::string(wanted));
  }
  reports[0].mutable_diagnosis()->add_wanted_probes("a word of a later version");
  const auto plan = PlanInvestigation(builder.options, run, reports);
  ASSERT_TRUE(plan.has_value());
  ExpectSound(*plan);
  EXPECT_EQ(plan->probes_size(), 4);
  for (const v1::ProbeSpec& spec : plan->probes()) EXPECT_EQ(spec.postgres().password().ref(), "") << spec.name();
}

TEST(PlanInvestigation, ATcpTargetIsNotAskedInPostgres) {
  const RunBuilder builder("tcp://10.0.4.172:80");
  const v1::Run run = builder.Build();
  std::vector<v1::TargetReport> reports = Reports(run);
  reports[0].mutable_diagnosis()->add_wanted_probes(std::string(diagnose::kSslModeMatrix));
  EXPECT_FALSE(PlanInvestigation(builder.options, run, reports).has_value());
}

}  // namespace
}  // namespace parallax::plan
