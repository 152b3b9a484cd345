// A witness moves the verdict: a third place where the target works, or one that ends as a side does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "controller/compare/compare.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/diagnose.h"
#include "controller/diagnose/found_for_test.h"
#include "controller/diagnose/weigh.h"
#include "tests/support/cause_cases.h"
#include "tests/support/worlds.h"

namespace parallax::diagnose {
namespace {

using support::CarriedBy;
using support::RunBuilder;
using support::SideWorld;
using ::testing::HasSubstr;

v1::Diagnosis Of(const RunBuilder& builder) { return MakeReport(builder.Build()).targets(0).diagnosis(); }

// What speaks for the cause, less what speaks against it; below zero: it is refuted.
double PointsOf(const RunBuilder& builder, std::string_view cause) {
  const v1::Comparison comparison = compare::Compare(builder.Build()).front();
  const View view = ReadView(comparison);
  for (const Candidate& candidate : Weigh(Catalogue(), PairsWithinALayer(), Readings(view))) {
    if (candidate.cause->id == cause) return candidate.points;
  }
  return -1;
}

enum class Moves { kMore, kLess, kGone, kNot };

Moves MovedBy(double before, double after) {
  if (after < 0) return Moves::kGone;
  return after > before ? Moves::kMore : after < before ? Moves::kLess : Moves::kNot;
}

// The witness stands on another host of the VPC, or on the bastion.
SideWorld& AddWitness(RunBuilder* builder, bool on_the_bastion) {
  SideWorld& witness = builder->Witness("third", CarriedBy::kRouted, 0.3);
  if (on_the_bastion) witness.side.mutable_agent()->mutable_host()->add_ssh_host_keys("ssh-ed25519 SHA256:bastion");
  return witness;
}

struct Moved {
  const char* cause;
  RunBuilder (*build)();
  bool on_the_bastion;
  support::Attempt (*ends)();  // how the witness ends at the target; nullptr: it works there
  Moves moves;
};

support::Attempt Refused() { return support::NoConnect(v1::REFUSED, 0.3); }
support::Attempt Silent() { return support::NoConnect(v1::TIMED_OUT, 5000); }
support::Attempt HelloEnds() { return support::PostgresUntil(support::Failed(v1::TLS_HANDSHAKE, v1::RESET, 41)); }
support::Attempt WrongPassword() {
  return support::PostgresUntil(support::Said(v1::AUTHENTICATION, "28P01", "password authentication failed", 1));
}
support::Attempt NoEntry() {
  return support::PostgresUntil(support::Said(v1::STARTUP, "28000", "no pg_hba.conf entry", 1));
}

TEST(Witness, MovesEveryFamily) {
  const Moved cases[] = {
      {"target.down", &support::Down, false, nullptr, Moves::kGone},
      {"target.down", &support::Down, false, &Refused, Moves::kMore},
      {"target.unreachable", &support::SilentForBoth, false, nullptr, Moves::kGone},
      {"target.unreachable", &support::SilentForBoth, false, &Silent, Moves::kMore},
      {"vpc.dropped_beyond_bastion", &support::DroppedWithoutTunnel, false, &Silent, Moves::kMore},
      {"vpc.dropped_beyond_bastion", &support::DroppedBeyond, true, nullptr, Moves::kLess},
      {"vpc.dropped_beyond_bastion", &support::DroppedBeyond, true, &Silent, Moves::kMore},
      {"vpc.refused_beyond_bastion", &support::RefusedBeyond, true, &Refused, Moves::kMore},
      {"tunnel.forwarding_denied", &support::ForwardingDenied, true, nullptr, Moves::kMore},
      {"tunnel.forwarding_denied", &support::ForwardingDenied, true, &Silent, Moves::kLess},
      {"path.stage_reset", [] { return support::EndsAt(support::Failed(v1::TLS_HANDSHAKE, v1::RESET, 41)); }, false,
       &HelloEnds, Moves::kMore},
      {"path.stage_reset", [] { return support::EndsAt(support::Failed(v1::TLS_HANDSHAKE, v1::RESET, 41)); }, true,
       nullptr, Moves::kMore},
      {"tls.not_offered", [] { return support::NoTls(false, false); }, false, nullptr, Moves::kGone},
      {"tls.intercepted", &support::Intercepted, false, nullptr, Moves::kMore},
      {"postgres.source_rejected", [] { return support::Words(v1::STARTUP, "28000", support::kNoEntry, false, true); },
       true, nullptr, Moves::kLess},
      {"postgres.source_rejected", [] { return support::Words(v1::STARTUP, "28000", support::kNoEntry, false, true); },
       false, &NoEntry, Moves::kMore},
      {"postgres.credentials_rejected",
       [] { return support::Words(v1::AUTHENTICATION, "28P01", "password authentication failed", true, true); }, false,
       nullptr, Moves::kLess},
      {"postgres.credentials_rejected",
       [] { return support::Words(v1::AUTHENTICATION, "28P01", "password authentication failed", true, true); }, false,
       &WrongPassword, Moves::kMore},
      {"dns.stale_answer", &support::StaleName, false, nullptr, Moves::kGone},
      {"dns.unresolved_outside", [] { return support::NamedOutside({}); }, false, nullptr, Moves::kMore},
  };
  for (const Moved& one : cases) {
    RunBuilder builder = one.build();
    const double before = PointsOf(builder, one.cause);
    SideWorld& witness = AddWitness(&builder, one.on_the_bastion);
    if (one.ends != nullptr) witness.On("postgres", one.ends());
    const double after = PointsOf(builder, one.cause);
    EXPECT_EQ(MovedBy(before, after), one.moves) << one.cause << (one.ends == nullptr ? ", where it works" : ", alike")
                                                 << ": " << before << " and then " << after;
  }
}

// On one host with a side, it sees what that side sees.
TEST(Witness, OnAHostOfASideIsNone) {
  RunBuilder builder = support::Down();
  const double before = PointsOf(builder, "target.down");
  SideWorld& witness = AddWitness(&builder, false);
  *witness.side.mutable_agent()->mutable_host() = builder.Inside().side.agent().host();
  EXPECT_EQ(PointsOf(builder, "target.down"), before);
}

TEST(Views, AWitnessThatFailsAloneIsNamed) {
  RunBuilder builder(support::kTarget, CarriedBy::kRouted);
  AddWitness(&builder, false).On("postgres", support::NoConnect(v1::REFUSED, 0.3));
  const v1::Finding verdict = Of(builder).verdict();
  EXPECT_EQ(verdict.cause(), "vpc.refused_beyond_bastion");
  EXPECT_EQ(verdict.subject(), "third");
  EXPECT_EQ(verdict.reference(), "inside");
  EXPECT_THAT(verdict.summary(), HasSubstr("Seen from third: "));
}

// The outside has its fault, and the witness another: both are named, and the outside's is the verdict.
TEST(Views, TheFaultOfAWitnessStandsBesideTheVerdict) {
  RunBuilder builder = support::CarrierDead();
  AddWitness(&builder, false).On("postgres", support::NoConnect(v1::REFUSED, 0.3));
  const v1::Diagnosis diagnosis = Of(builder);
  EXPECT_EQ(diagnosis.verdict().cause(), "tunnel.carrier_dead");
  EXPECT_EQ(diagnosis.verdict().subject(), "outside");
  const v1::Finding* beside = FindingOf(diagnosis, "vpc.refused_beyond_bastion");
  ASSERT_NE(beside, nullptr);
  EXPECT_EQ(beside->subject(), "third");
}

TEST(Views, WhatEverySideMeetsIsSaidOnce) {
  RunBuilder builder = support::Down();
  AddWitness(&builder, false).On("postgres", support::NoConnect(v1::REFUSED, 0.3));
  const v1::Diagnosis diagnosis = Of(builder);
  EXPECT_EQ(diagnosis.verdict().cause(), "target.down");
  std::set<std::string> causes;
  for (const v1::Finding& finding : diagnosis.findings()) EXPECT_TRUE(causes.insert(finding.cause()).second);
}

}  // namespace
}  // namespace parallax::diagnose
