#include "controller/diagnose/weigh.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "controller/compare/compare.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/diagnose.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {
namespace {

using support::CarriedBy;
using support::Closed;
using support::kNamedTarget;
using support::NoConnect;
using support::RunBuilder;
using support::Said;
using ::testing::Contains;

v1::Diagnosis Of(const RunBuilder& builder) { return MakeReport(builder.Build()).targets(0).diagnosis(); }

const v1::Finding* FindingOf(const v1::Diagnosis& diagnosis, std::string_view cause) {
  for (const v1::Finding& finding : diagnosis.findings()) {
    if (finding.cause() == cause) return &finding;
  }
  return nullptr;
}

// Shuffled by hand: std::shuffle differs from one library to the next.
std::vector<Cause> Shuffled(uint32_t seed) {
  std::vector<Cause> causes(Catalogue().begin(), Catalogue().end());
  std::mt19937 engine(seed);
  for (size_t i = causes.size(); i > 1; --i) std::swap(causes[i - 1], causes[engine() % i]);
  return causes;
}

TEST(Table, TheOrderOfItsRowsMeansNothing) {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    const std::vector<Cause> causes = Shuffled(seed);
    for (const support::CauseCase& row : support::CauseCases()) {
      const v1::Comparison comparison = compare::Compare(row.build().Build()).front();
      EXPECT_EQ(DiagnoseBy(causes, comparison).SerializeAsString(), Diagnose(comparison).SerializeAsString())
          << row.sentence;
    }
  }
}

// A name with two addresses, one for each side, both working from inside: what breaks then is not the name.
RunBuilder TwoAddresses() {
  RunBuilder builder(kNamedTarget);
  builder.Outside().names["db.internal"] = {"10.0.4.173"};
  return builder;
}

TEST(Name, WithTwoAddressesTheIncidentIsStillTheBastion) {
  RunBuilder builder = TwoAddresses();
  support::SideWorld& outside = builder.Outside();
  outside.Connection()->set_tcp_state(v1::TCP_STATE_SYN_SENT);
  outside.NoBanner(v1::TIMED_OUT).WithoutSocks().EverythingCloses(0.4);
  const v1::Diagnosis diagnosis = Of(builder);
  EXPECT_EQ(diagnosis.verdict().cause(), "tunnel.bastion_unreachable");
  ASSERT_NE(FindingOf(diagnosis, "dns.split_horizon"), nullptr) << "it is still noted";
  EXPECT_EQ(FindingOf(diagnosis, "dns.split_horizon")->severity(), v1::NOTE);
}

TEST(Name, WithTwoAddressesADeadCarrierIsStillTheCarrier) {
  RunBuilder builder = TwoAddresses();
  builder.Outside().carrier.clear_connections();
  builder.Outside().WithoutSocks().EverythingCloses(0.4);
  EXPECT_EQ(Of(builder).verdict().cause(), "tunnel.carrier_dead");
}

TEST(Name, WithTwoAddressesARejectedSourceIsStillRejected) {
  RunBuilder builder = TwoAddresses();
  builder.Outside().On("postgres", support::PostgresUntil(Said(v1::STARTUP, "28000", "no pg_hba.conf entry", 42),
                                                          builder.Outside().conversation));
  EXPECT_EQ(Of(builder).verdict().cause(), "postgres.source_rejected");
}

// Both sides meet a refusal there, and it is still the name that leads there.
TEST(Name, ThatLeadsToAnAddressWhereNothingIsExplainsWhatIsMetThere) {
  RunBuilder builder = TwoAddresses();
  builder.Inside().On("postgres 10.0.4.173", NoConnect(v1::REFUSED, 0.4));
  builder.Outside().On("postgres 10.0.4.173", Closed(v1::SSL_REQUEST, 0.5, 45));
  builder.Outside().Socks("10.0.4.173:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
  const v1::Diagnosis diagnosis = Of(builder);
  EXPECT_EQ(diagnosis.verdict().cause(), "dns.stale_answer");
  ASSERT_NE(FindingOf(diagnosis, "target.down"), nullptr);
  EXPECT_EQ(FindingOf(diagnosis, "target.down")->explained_by(), "dns.stale_answer");
}

// A fault of the subject's way and one of the target's own: neither explains the other, and both are named.
TEST(TwoFaults, AreBothNamed) {
  RunBuilder builder;
  builder.Inside().On("postgres", NoConnect(v1::REFUSED, 0.4));
  builder.Outside().carrier.clear_connections();
  builder.Outside().WithoutSocks().EverythingCloses(0.4);
  const v1::Diagnosis diagnosis = Of(builder);
  for (const char* cause : {"tunnel.carrier_dead", "target.down"}) {
    ASSERT_NE(FindingOf(diagnosis, cause), nullptr) << cause;
    EXPECT_EQ(FindingOf(diagnosis, cause)->explained_by(), "") << cause;
  }
  EXPECT_THAT(diagnosis.verdict().alternatives(),
              Contains(diagnosis.verdict().cause() == "target.down" ? "tunnel.carrier_dead" : "target.down"));
}

// Every pair of worlds, one side's broken as in the one row and the other's as in the other: whatever is found stands
// by itself or says what explains it, and what stands is all named.
TEST(TwoFaults, EitherStandOrSayWhatExplainsThem) {
  for (const support::CauseCase& row : support::CauseCases()) {
    const v1::Diagnosis diagnosis = Of(row.build());
    for (const v1::Finding& finding : diagnosis.findings()) {
      if (finding.severity() != v1::FAULT || finding.cause() == diagnosis.verdict().cause()) continue;
      if (!finding.explained_by().empty()) {
        ASSERT_NE(FindingOf(diagnosis, finding.explained_by()), nullptr) << finding.cause() << " in: " << row.sentence;
        continue;
      }
      EXPECT_THAT(diagnosis.verdict().alternatives(), Contains(finding.cause())) << row.sentence;
    }
  }
}

TEST(Confidence, IsAShareAndNeverCertain) {
  for (const support::CauseCase& row : support::CauseCases()) {
    const v1::Comparison comparison = compare::Compare(row.build().Build()).front();
    const View view = ReadView(comparison);
    const auto candidates = Weigh(Catalogue(), PairsWithinALayer(), Readings(view));
    double sum = 0;
    for (const Candidate& candidate : candidates) {
      EXPECT_GT(candidate.confidence, 0) << candidate.cause->id;
      EXPECT_LE(candidate.confidence, kMostSure) << candidate.cause->id;
      if (candidate.severity == v1::FAULT && candidate.explained_by == nullptr && candidate.points >= 1) {
        sum += candidate.confidence;
      }
    }
    EXPECT_LE(sum, 1) << row.sentence;
  }
}

// The signs of one family are not independent: ten of them are no ten times as sure as one.
TEST(Confidence, OneFamilySaysNoMoreThanItsCap) {
  RunBuilder builder;
  support::SideWorld& outside = builder.Outside();
  outside.carrier.clear_holder();
  outside.carrier.clear_connections();
  outside.carrier.set_interface_carrier(false);
  outside.banner.Clear();
  outside.NothingConnects(v1::TIMED_OUT);
  const v1::Comparison comparison = compare::Compare(builder.Build()).front();
  const View view = ReadView(comparison);
  for (const Candidate& candidate : Weigh(Catalogue(), PairsWithinALayer(), Readings(view))) {
    if (candidate.cause->id == "tunnel.not_running") {
      EXPECT_DOUBLE_EQ(candidate.speaks_for, 3) << "two strong signs of one family, capped";
    }
  }
}

TEST(Witness, OnTheBastionMovesWhatLiesBeyond) {
  const auto dropped = [](int what) {
    RunBuilder builder;
    builder.Outside().On("postgres", support::Mute(v1::SSL_REQUEST, 0.5));
    builder.Outside().Socks("10.0.4.172:5432", v1::TIMED_OUT);
    if (what > 0) {
      support::SideWorld& witness = builder.Witness("bastion", CarriedBy::kRouted, 0.3);
      witness.side.mutable_agent()->mutable_host()->add_ssh_host_keys("ssh-ed25519 SHA256:bastion");
      if (what == 1) witness.On("postgres", NoConnect(v1::TIMED_OUT, 5000));
    }
    const v1::Finding verdict = Of(builder).verdict();
    EXPECT_EQ(verdict.cause(), "vpc.dropped_beyond_bastion");
    return verdict.confidence();
  };
  EXPECT_GT(dropped(1), dropped(2)) << "as silent from the bastion, against well from there";
  EXPECT_GE(dropped(0), dropped(2));
}

}  // namespace
}  // namespace parallax::diagnose
