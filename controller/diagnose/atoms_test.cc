#include "controller/diagnose/atoms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "contract/names.h"
#include "controller/compare/compare.h"
#include "controller/diagnose/catalogue.h"
#include "tests/support/cause_cases.h"

namespace parallax::diagnose {
namespace {

using support::CarriedBy;
using support::RunBuilder;

v1::Comparison ComparisonOf(const RunBuilder& builder) { return compare::Compare(builder.Build()).front(); }

const Reading Read(const RunBuilder& builder, Atom atom) {
  const v1::Comparison comparison = ComparisonOf(builder);
  return Readings(ReadView(comparison))[atom];
}

TEST(Atoms, StandInTheTableInTheOrderOfTheirNames) {
  size_t index = 0;
  std::set<std::string_view> names;
  for (const AtomRow& row : Atoms()) {
    EXPECT_EQ(static_cast<size_t>(row.atom), index++) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(std::all_of(row.name.begin(), row.name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || c == '_';
    })) << row.name;
    EXPECT_TRUE(row.question.ends_with("?")) << row.name;
    EXPECT_EQ(row.probe.empty(), row.cost == 0) << row.name << ": a probe costs something, and nothing costs nothing";
  }
}

TEST(Atoms, EachIsReadByACause) {
  std::set<Atom> read;
  for (const Cause& cause : Catalogue()) {
    read.insert(cause.needs.begin(), cause.needs.end());
    for (const Link& link : cause.links) read.insert(link.atom);
    for (const Text& text : cause.texts) {
      if (text.when.has_value()) read.insert(*text.when);
    }
    if (cause.worse_when.has_value()) read.insert(*cause.worse_when);
  }
  read.insert(Atom::kEndpointSaysConnected);  // stands beside every fault
  for (const AtomRow& row : Atoms()) EXPECT_TRUE(read.contains(row.atom)) << row.name << " is read by nobody";
}

// What was not observed is unknown, and never a no.
TEST(Atoms, OfAnEmptyComparisonNothingIsKnownOfASide) {
  const v1::Comparison empty;
  const Readings readings{ReadView(empty)};
  for (const AtomRow& row : Atoms()) {
    if (row.about == About::kAny) continue;
    EXPECT_EQ(readings[row.atom].answer, Answer::kUnknown) << row.name;
    EXPECT_TRUE(readings[row.atom].proofs.empty()) << row.name;
  }
}

// With one side missing, an atom about it, or about both, claims nothing.
TEST(Atoms, SayNothingOfASideThatIsMissing) {
  for (const support::CauseCase& row : support::CauseCases()) {
    for (const bool inside : {true, false}) {
      RunBuilder builder = row.build();
      (inside ? builder.Inside() : builder.Outside()).Missing("it never came");
      const v1::Comparison comparison = ComparisonOf(builder);
      const View view = ReadView(comparison);
      if ((inside ? view.reference : view.subject) != nullptr) continue;  // it was lost, after it had been seen
      const Readings readings(view);
      for (const AtomRow& atom : Atoms()) {
        const bool about = atom.about == About::kBoth || (inside && atom.about == About::kCommon) ||
                           atom.about == (inside ? About::kReference : About::kSubject);
        EXPECT_FALSE(about && readings[atom.atom].yes()) << atom.name << " in: " << row.sentence;
        for (const Proof& proof : readings[atom.atom].proofs) {
          EXPECT_TRUE(atom.about == About::kAny || proof.side != (inside ? "inside" : "outside"))
              << atom.name << " in: " << row.sentence << ": " << proof.text;
        }
      }
    }
  }
}

// A proof names the probe that it was carried from, and no other.
TEST(Proofs, NameProbesThatWereRun) {
  for (const support::CauseCase& row : support::CauseCases()) {
    const v1::Comparison comparison = ComparisonOf(row.build());
    std::set<std::string> probes = {""};
    for (const v1::Pair& pair : comparison.pairs()) probes.insert(pair.probe());
    const Readings readings{ReadView(comparison)};
    for (const AtomRow& atom : Atoms()) {
      for (const Proof& proof : readings[atom.atom].proofs) {
        EXPECT_TRUE(probes.contains(proof.probe)) << atom.name << ": " << proof.probe << " in: " << row.sentence;
        EXPECT_NE(proof.text, "") << atom.name;
      }
    }
  }
}

TEST(Proofs, CarryAttemptAndNumberFromTheObservation) {
  RunBuilder builder(support::kTarget, CarriedBy::kRouted);
  builder.Outside().OnAttempt(2, "postgres", support::NoConnect(v1::TIMED_OUT, 5000));
  const Reading reading = Read(builder, Atom::kSubjectFailsAtTimes);
  ASSERT_EQ(reading.proofs.size(), 1U);
  EXPECT_EQ(reading.proofs[0].attempt, 2U);
  EXPECT_DOUBLE_EQ(reading.proofs[0].number_ms, 5000);
  EXPECT_EQ(reading.proofs[0].step, v1::CONNECT);
  EXPECT_EQ(reading.proofs[0].side, "outside");
}

// What the later look at the tunnel said is cited as the later look.
TEST(Proofs, OfATunnelThatWasLookedAtTwiceNameTheSecondLook) {
  RunBuilder builder;
  builder.Outside().WithoutSocks().EverythingIsMute();
  builder.Investigate();
  const Reading reading = Read(builder, Atom::kNothingComesBack);
  ASSERT_TRUE(reading.yes());
  EXPECT_THAT(reading.proofs.front().probe, ::testing::StartsWith("tunnel-again"));
}

TEST(Route, AnIdleTunnelOfEveryKindIsOne) {
  for (const char* kind : {"tun", "tap", "wireguard", "ovpn", "amneziawg", "ip6tnl", "sit", "gretap", "ppp", "xfrm"}) {
    RunBuilder builder(support::kTarget, CarriedBy::kRouted);
    v1::Interface* idle = builder.Outside().side.mutable_agent()->mutable_host()->add_interfaces();
    idle->set_name("vpn0");
    idle->set_link_kind(contract::LinkKindFromName(kind));
    idle->set_up(true);
    builder.Outside().NothingConnects(v1::TIMED_OUT);
    EXPECT_TRUE(Read(builder, Atom::kIdleTunnelIsUp).yes()) << kind;
    EXPECT_TRUE(Read(builder, Atom::kNoTunnelIsThere).no()) << kind << ": a tunnel is there, and carries nothing";
  }
}

TEST(Route, ADeviceIsAWholeWord) {
  for (const auto& [device, covers] : {std::pair("tun1", true), std::pair("tun10", false)}) {
    RunBuilder builder(support::kTarget, CarriedBy::kRouted);
    v1::Interface* tunnel = builder.Outside().side.mutable_agent()->mutable_host()->add_interfaces();
    tunnel->set_name("tun1");
    tunnel->set_link_kind(v1::LINK_KIND_TUN);
    builder.Outside().route.add_competing_routes()->set_interface(device);
    EXPECT_EQ(Read(builder, Atom::kTunnelRouteCoversIt).yes(), covers) << device;
  }
}

// An inside that stands on the bastion, and a witness there: yes, no and unknown.
TEST(Witness, OnTheBastionAnswersForIt) {
  RunBuilder builder;
  EXPECT_EQ(Read(builder, Atom::kBastionReachesTarget).answer, Answer::kUnknown) << "nobody stands there";
  support::SideWorld& witness = builder.Witness("bastion", CarriedBy::kRouted, 0.3);
  witness.side.mutable_agent()->mutable_host()->add_ssh_host_keys("ssh-ed25519 SHA256:bastion");
  EXPECT_TRUE(Read(builder, Atom::kBastionReachesTarget).yes());
  witness.On("postgres", support::NoConnect(v1::TIMED_OUT, 5000));
  EXPECT_TRUE(Read(builder, Atom::kBastionReachesTarget).no());
}

}  // namespace
}  // namespace parallax::diagnose
