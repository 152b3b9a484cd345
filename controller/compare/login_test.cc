// What two sides that work may still differ in, and what is only noted beside.
#include "controller/compare/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controller/compare/compare.h"
#include "controller/compare/words.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::Attempt;
using support::CarriedBy;
using support::Conversation;
using support::RunBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

v1::Comparison Compared(const RunBuilder& builder) { return Compare(builder.Build()).front(); }

// A session in which the way in was `used` ("" : none was, the server asks for `offered`).
Attempt LetInBy(const std::string& used, const std::vector<std::string>& offered,
                const Conversation& conversation = {}) {
  Attempt attempt = support::Postgres(conversation);
  for (v1::Step& step : *attempt.mutable_steps()) {
    if (step.kind() != v1::AUTHENTICATION) continue;
    v1::AuthDetails* auth = step.mutable_auth();
    auth->clear_offered();
    for (const std::string& method : offered) auth->add_offered(method);
    auth->set_used(used);
    auth->set_credentials_present(!used.empty() && used != "trust");
  }
  return attempt;
}

// A session that asked the server who it is, and what became of that.
Attempt Asked(const std::string& system, const std::string& address, v1::Failure failure = v1::NONE,
              const std::string& certificate = support::kServerCertificate) {
  Conversation conversation;
  conversation.system_identifier = system;
  conversation.server_address = address;
  conversation.certificate = certificate;
  Attempt attempt = support::Postgres(conversation);
  v1::Step identity =
      failure == v1::NONE ? support::Done(v1::QUERY, 0.4, 100) : support::Failed(v1::QUERY, failure, 0.4);
  identity.set_variant(kIdentity);
  *identity.mutable_postgres() = attempt.steps(attempt.steps_size() - 1).postgres();
  *attempt.add_steps() = identity;
  return attempt;
}

v1::Comparison Sides(const Attempt& inside, const Attempt& outside) {
  RunBuilder builder;
  builder.Inside().On("postgres", inside);
  builder.Outside().On("postgres", outside);
  return Compared(builder);
}

std::vector<v1::NoteKind> Kinds(const v1::Comparison& comparison) {
  std::vector<v1::NoteKind> kinds;
  for (const v1::Note& note : comparison.notes()) kinds.push_back(note.kind());
  return kinds;
}

constexpr char kSystem[] = "7310000000000000001";
constexpr char kAddress[] = "10.0.4.172:5432";

TEST(Login, AnotherWayInIsADivergenceMarkedWhereItIs) {
  const Attempt scram = LetInBy("scram-sha-256", {"scram-sha-256"});
  for (const std::string other : {"trust", "md5", "cleartext"}) {
    const v1::Comparison comparison = Sides(scram, LetInBy(other, {other}));
    EXPECT_EQ(comparison.status(), v1::DIVERGED) << other;
    EXPECT_THAT(comparison.status_why(), HasSubstr("scram-sha-256 inside, " + other + " outside"));
    EXPECT_EQ(comparison.first_difference().step(), v1::AUTHENTICATION);
    EXPECT_EQ(comparison.first_difference().kind(), v1::LOGIN_DIFFERS);
    EXPECT_THAT(comparison.first_difference().outside(), HasSubstr(other));
    EXPECT_EQ(Sides(LetInBy(other, {other}), scram).status(), v1::DIVERGED) << other;
    EXPECT_EQ(Sides(LetInBy(other, {other}), LetInBy(other, {other})).status(), v1::HEALTHY) << other;
  }
}

TEST(Login, WithoutAPasswordTheWayThatIsAskedForCounts) {
  RunBuilder builder;
  builder.WithoutCredentials();
  builder.Outside().On("postgres", LetInBy("trust", {"trust"}));
  EXPECT_EQ(Compared(builder).status(), v1::DIVERGED);
  RunBuilder same;
  same.WithoutCredentials();
  EXPECT_EQ(Compared(same).status(), v1::HEALTHY);
}

TEST(Login, OneAttemptAlikeIsNoDifferenceOfTheSides) {
  RunBuilder builder;
  builder.Outside().OnAttempt(2, "postgres", LetInBy("trust", {"trust"}));
  EXPECT_EQ(Compared(builder).status(), v1::HEALTHY);
}

TEST(Login, ChannelBindingOnOneSideIsANote) {
  const v1::Comparison comparison = Sides(LetInBy("scram-sha-256-plus", {"scram-sha-256", "scram-sha-256-plus"}),
                                          LetInBy("scram-sha-256", {"scram-sha-256"}));
  EXPECT_EQ(comparison.status(), v1::HEALTHY) << comparison.status_why();
  EXPECT_FALSE(comparison.has_first_difference());
  EXPECT_THAT(Kinds(comparison), ElementsAre(v1::BINDING_ONE_SIDED));
  EXPECT_EQ(comparison.notes(0).side(), "inside");
  EXPECT_EQ(comparison.notes(0).step(), v1::AUTHENTICATION);
}

TEST(Login, EachSidesOwnAddressCounts) {
  RunBuilder builder(support::kNamedTarget);
  builder.Inside().names["db.internal"] = {"10.0.4.172"};
  builder.Outside().names["db.internal"] = {"10.0.4.180"};
  builder.Outside().On("postgres 10.0.4.172", support::NoConnect(v1::TIMED_OUT, 5000));
  builder.Inside().On("postgres 10.0.4.180", support::NoConnect(v1::TIMED_OUT, 5000));
  EXPECT_EQ(Compared(builder).status(), v1::HEALTHY) << Compared(builder).status_why();
  builder.Outside().On("postgres 10.0.4.180", LetInBy("trust", {"trust"}));
  EXPECT_EQ(Compared(builder).status(), v1::DIVERGED);
}

TEST(Identity, ThatOneSideAloneIsNotShownIsADivergence) {
  struct Case {
    const char* what;
    Attempt outside;
    const char* cell;
  };
  const Case cases[] = {
      {"the question is reset", Asked("", "", v1::RESET), "reset in 0.4 ms"},
      {"the question is reset after the address", Asked("", kAddress, v1::RESET), "reset"},
      {"no identifier", Asked("", kAddress), kAddress},
      {"nothing", Asked("", ""), "not shown"},
  };
  for (const Case& row : cases) {
    const v1::Comparison comparison = Sides(Asked(kSystem, kAddress), row.outside);
    EXPECT_EQ(comparison.status(), v1::DIVERGED) << row.what;
    EXPECT_EQ(comparison.first_difference().step(), v1::QUERY) << row.what;
    EXPECT_EQ(comparison.first_difference().variant(), kIdentity) << row.what;
    EXPECT_EQ(comparison.first_difference().kind(), v1::IDENTITY_ONE_SIDED) << row.what;
    EXPECT_THAT(comparison.first_difference().outside(), HasSubstr(row.cell)) << row.what;
    EXPECT_THAT(comparison.first_difference().inside(), HasSubstr(kSystem)) << row.what;
    EXPECT_EQ(Sides(row.outside, Asked(kSystem, kAddress)).status(), v1::DIVERGED) << row.what;
    EXPECT_EQ(Sides(row.outside, row.outside).status(), v1::HEALTHY) << row.what << ", to both";
  }
}

TEST(Identity, AnAddressAloneCountsWhereNothingElseIsTheSame) {
  EXPECT_EQ(Sides(Asked("", kAddress), Asked("", "")).status(), v1::HEALTHY) << "one certificate";
  EXPECT_THAT(Kinds(Sides(Asked("", kAddress), Asked("", ""))), ElementsAre(v1::ADDRESS_ONE_SIDED));
  EXPECT_THAT(Kinds(Sides(Asked(kSystem, kAddress), Asked(kSystem, ""))), ElementsAre(v1::ADDRESS_ONE_SIDED));
  const auto in_clear = [](Attempt attempt) {
    for (int i = attempt.steps_size() - 1; i >= 0; --i) {
      if (attempt.steps(i).kind() == v1::TLS_HANDSHAKE) attempt.mutable_steps()->DeleteSubrange(i, 1);
    }
    return attempt;
  };
  EXPECT_EQ(Sides(in_clear(Asked("", kAddress)), in_clear(Asked("", ""))).status(), v1::DIVERGED);
}

TEST(Identity, OtherServersPartWhereTheySaySo) {
  const v1::Comparison comparison = Sides(Asked(kSystem, kAddress), Asked("7310000000000000777", kAddress));
  EXPECT_EQ(comparison.status(), v1::DIVERGED);
  EXPECT_EQ(comparison.first_difference().kind(), v1::IDENTITY_DIFFERS);
  EXPECT_THAT(comparison.first_difference().outside(), HasSubstr("7310000000000000777"));
}

TEST(Notes, APasswordThatNobodyAskedForIsTold) {
  const Attempt trusted = LetInBy("trust", {"trust"});
  EXPECT_THAT(Kinds(Sides(trusted, trusted)), ElementsAre(v1::PASSWORD_NOT_ASKED, v1::PASSWORD_NOT_ASKED));
  RunBuilder without;
  without.WithoutCredentials();
  without.Inside().On("postgres", trusted);
  without.Outside().On("postgres", trusted);
  EXPECT_THAT(Kinds(Compared(without)), IsEmpty());
}

TEST(Notes, AddressesThatWereNotProbedAreTold) {
  RunBuilder builder(support::kNamedTarget);
  std::vector<std::string> many;
  for (int i = 1; i <= 30; ++i) many.push_back("10.0.4." + std::to_string(i));
  builder.Inside().names["db.internal"] = many;
  builder.Outside().names["db.internal"] = many;
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.addresses().probed_size(), 6);
  EXPECT_THAT(comparison.addresses().left_out(), SizeIs(24));
  EXPECT_THAT(Kinds(comparison), ElementsAre(v1::ADDRESSES_LEFT_OUT));
  EXPECT_THAT(Kinds(Compared(RunBuilder(support::kNamedTarget))), IsEmpty());

  RunBuilder six(support::kNamedTarget);
  six.Inside().names["db.internal"] = {"10.0.4.172", "fd00:4::172"};
  EXPECT_THAT(Compared(six).addresses().not_dialled(), ElementsAre("fd00:4::172"));
}

TEST(Notes, SidesThatSeemExchangedAreAHintAndNoVerdict) {
  RunBuilder builder(support::kTarget, CarriedBy::kInside, 0.4);
  builder.Inside().way = CarriedBy::kSst;
  const v1::CarrierDetails tun = RunBuilder().Outside().carrier;
  builder.Inside().carrier = tun;
  builder.Inside().side.set_vantage("local");
  builder.Outside().side.set_vantage("ssh:app-host");
  const v1::Comparison swapped = Compared(builder);
  ASSERT_THAT(Kinds(swapped), ElementsAre(v1::SIDES_SEEM_SWAPPED));
  EXPECT_GE(swapped.notes(0).facts_size(), 3);
  EXPECT_EQ(swapped.status(), v1::HEALTHY) << swapped.status_why();
  EXPECT_THAT(Kinds(Compared(RunBuilder())), IsEmpty());
  // A mesh redirects inside, and nothing says that the outside is nearer.
  builder.Inside().side.set_vantage("ssh:pod");
  builder.Outside().side.set_vantage("local");
  builder.Outside().conversation.rtt_ms = builder.Inside().conversation.rtt_ms = 1;
  builder.Outside().route.set_connected(false);
  EXPECT_THAT(Kinds(Compared(builder)), IsEmpty());
}

TEST(Carrier, ThatCouldNotBeLookedForIsUnknownAndNotAbsent) {
  RunBuilder builder;
  builder.Outside().CannotAsk("tunnel", v1::LOCAL_RESOURCE, "netlink is not permitted");
  const v1::Comparison comparison = Compared(builder);
  for (const v1::SideSummary& side : comparison.sides()) {
    if (side.name() != "outside") continue;
    EXPECT_EQ(side.carrier().kind(), v1::CARRIER_UNKNOWN);
    EXPECT_THAT(side.carrier().summary(), HasSubstr("netlink"));
  }
}

TEST(OneSide, ThatFailsHasAWordOfItsOwn) {
  RunBuilder builder;
  builder.Outside().On("postgres", support::NoConnect(v1::REFUSED, 40));
  v1::Run run = builder.Build();
  run.mutable_sides()->DeleteSubrange(0, 1);
  EXPECT_EQ(Compare(run).front().status(), v1::FAILED);
  run.mutable_observations()->Clear();
  EXPECT_EQ(Compare(run).front().status(), v1::CANNOT_TELL) << "nothing came from there";
}

TEST(Words, OfATimeoutTellOfBytesThatCame) {
  v1::StepSummary step;
  step.set_kind(v1::STARTUP);
  step.set_failure(v1::TIMED_OUT);
  step.set_median_ns(5'000'000'000);
  step.set_max_bytes_in(5);
  step.mutable_sample()->set_end(v1::UNFINISHED);
  EXPECT_EQ(StepCell(step), "5 bytes came, not done after 5.0 s");
  step.mutable_sample()->set_end(v1::SILENCE);
  EXPECT_EQ(StepCell(step), "silent for 5.0 s");
}

TEST(Words, OfATlsThatFailedTellWhy) {
  v1::StepSummary step;
  step.set_kind(v1::TLS_HANDSHAKE);
  step.set_failure(v1::TLS_PROTOCOL);
  step.set_median_ns(1'000'000);
  EXPECT_EQ(StepCell(step), "not TLS, in 1.0 ms");
  v1::TlsDetails* tls = step.mutable_sample()->mutable_tls();
  tls->set_trouble(v1::VERSION_TOO_OLD);
  tls->set_server_version("TLSv1");
  EXPECT_EQ(StepCell(step), "TLS too old: TLSv1");
  tls->set_trouble(v1::CHAIN_TOO_LARGE);
  tls->set_certificate_bytes(1'100'000);
  tls->set_chain_length(1500);
  EXPECT_EQ(StepCell(step), "certificate chain too large: 1.1 MB, 1500 of them");
  tls->set_trouble(v1::BROKEN_TLS);
  step.mutable_sample()->set_text("bad length");
  EXPECT_EQ(StepCell(step), "broken TLS: bad length");
  step.set_failure(v1::TLS_ALERT);
  tls->set_trouble(v1::VERSION_TOO_OLD);
  tls->set_alert("protocol version");
  EXPECT_EQ(StepCell(step), "alert protocol version: its TLS is too old");
}

}  // namespace
}  // namespace parallax::compare
