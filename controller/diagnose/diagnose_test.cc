#include "controller/diagnose/diagnose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "contract/names.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/remedy.h"
#include "controller/diagnose/rule_rows.h"

namespace parallax::diagnose {
namespace {

using support::RunBuilder;
using support::Way;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Told(const v1::Report& report) {
  std::string told = "status " + contract::Name(report.status());
  for (const v1::TargetReport& target : report.targets()) {
    told += "\n  verdict '" + target.diagnosis().verdict().cause() + "'";
    for (const v1::Finding& finding : target.diagnosis().findings()) {
      told += "\n    " + finding.cause() + " (" + contract::Name(finding.severity()) + ", " +
              std::to_string(finding.confidence()).substr(0, 4) +
              (finding.explained_by().empty() ? "" : ", by " + finding.explained_by()) + ") " + finding.summary();
    }
    for (const v1::SideSummary& side : target.comparison().sides()) {
      told += "\n    " + side.name() + ": " + contract::Name(side.rung()) + ", " + contract::Name(side.locality()) +
              " (" + side.locality_why() + ")";
    }
  }
  return told;
}

const v1::Finding* FindingOf(const v1::Diagnosis& diagnosis, std::string_view cause) {
  for (const v1::Finding& finding : diagnosis.findings()) {
    if (finding.cause() == cause) return &finding;
  }
  return nullptr;
}

class Row : public ::testing::TestWithParam<size_t> {
 protected:
  const RuleRow& row() const { return RuleRows()[GetParam()]; }
};

TEST_P(Row, Holds) {
  const v1::Report report = MakeReport(row().build().Build());
  ASSERT_EQ(report.targets_size(), 1);
  const v1::Diagnosis& diagnosis = report.targets(0).diagnosis();
  SCOPED_TRACE(std::string(row().cause) + ": " + std::string(row().sentence) + "\n" + Told(report));
  EXPECT_EQ(contract::Name(report.status()), contract::Name(row().status));
  const v1::Finding* finding = FindingOf(diagnosis, row().cause);
  if (row().says == Says::kSilent) {
    EXPECT_EQ(finding, nullptr);
    return;
  }
  ASSERT_NE(finding, nullptr);
  EXPECT_FALSE(finding->evidence().empty()) << "no claim without evidence";
  EXPECT_NE(finding->summary(), "");
  switch (row().says) {
    case Says::kVerdict: EXPECT_EQ(diagnosis.verdict().cause(), row().cause); break;
    case Says::kExplained: EXPECT_NE(finding->explained_by(), ""); break;
    default: EXPECT_NE(diagnosis.verdict().cause(), row().cause); break;
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, Row, ::testing::Range<size_t>(0, RuleRows().size()), [](const auto& param) {
  std::string name(RuleRows()[param.param].cause);
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return std::to_string(param.param) + "_" + name;
});

TEST(Rows, EveryCauseHasOneWhereItFiresAndOneWhereItIsSilent) {
  std::map<std::string_view, std::set<bool>> seen;
  for (const RuleRow& row : RuleRows()) {
    ASSERT_NE(FindCause(row.cause), nullptr) << row.cause;
    seen[row.cause].insert(row.says == Says::kSilent);
  }
  for (const Cause& cause : Catalogue()) {
    if (!cause.IsTold()) continue;
    EXPECT_TRUE(seen[cause.id].contains(false)) << cause.id << " has no row where it fires";
    EXPECT_TRUE(seen[cause.id].contains(true)) << cause.id << " has no row where it is silent";
  }
}

// What the evidence fits as well is said, and the confidence is less for it.
TEST(Ambiguity, ASilentHandshakeMayBeALostAnswer) {
  for (const RuleRow& row : RuleRows()) {
    if (row.cause != "path.stage_swallowed" || row.says != Says::kVerdict) continue;
    if (row.sentence.find("SSLRequest") != std::string_view::npos)
      continue;  // eight bytes, answered by one: no size in it
    const v1::Finding verdict = MakeReport(row.build().Build()).targets(0).diagnosis().verdict();
    const bool unacknowledged = row.sentence.find("never acknowledged") != std::string_view::npos;
    const auto& others = verdict.alternatives();
    const bool may_be_mtu = std::find(others.begin(), others.end(), "path.mtu_black_hole_down") != others.end();
    EXPECT_EQ(may_be_mtu, !unacknowledged) << row.sentence;
    EXPECT_EQ(verdict.confidence() > 0.9, unacknowledged) << row.sentence;
  }
}

TEST(Ambiguity, APasswordBeyondAsciiMayBeRejectedForItsForm) {
  v1::Step rejected = support::Said(v1::AUTHENTICATION, "28P01", "password authentication failed", 1);
  rejected.mutable_auth()->set_without_saslprep(true);
  RunBuilder builder;
  builder.Inside().On("postgres", support::PostgresUntil(rejected));
  builder.Outside().On("postgres", support::PostgresUntil(rejected));
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_EQ(verdict.cause(), "postgres.credentials_rejected");
  EXPECT_LT(verdict.confidence(), 0.7);
  EXPECT_THAT(verdict.next_evidence(), ::testing::Contains(::testing::HasSubstr("--sql")));
}

const RuleRow& RowOf(std::string_view cause, std::string_view sentence) {
  for (const RuleRow& row : RuleRows()) {
    if (row.cause == cause && row.sentence == sentence) return row;
  }
  ADD_FAILURE() << "no such row: " << cause << ", " << sentence;
  return RuleRows()[0];
}
v1::Finding VerdictOf(const RuleRow& row) { return MakeReport(row.build().Build()).targets(0).diagnosis().verdict(); }
std::string RemedyOf(const v1::Finding& finding) {
  std::string all;
  for (const std::string& line : finding.remedy()) all += line + "\n";
  return all;
}
std::string EvidenceOf(const v1::Finding& finding) {
  std::string all;
  for (const v1::Evidence& evidence : finding.evidence()) all += evidence.text() + "\n";
  return all;
}

// "The same server" is said where one showed that it is; who showed nothing may be another.
TEST(Sameness, WhoShowedNothingMayBeAnother) {
  struct {
    const char* cause;
    const char* sentence;
    const char* alternative;
    double least, most;
  } const cases[] = {
      {"postgres.credentials_differ", "28P01 outside only", "", 0.9, 0.98},
      {"postgres.credentials_differ", "one from its environment, one from the controller", "", 0.9, 0.98},
      {"postgres.credentials_differ", "each from its own environment, and nobody shows who he is",
       "target.wrong_server", 0.5, 0.7},
      {"target.wrong_server", "one password is taken inside only, and nobody shows who he is",
       "postgres.source_rejected", 0.5, 0.7},
      {"unexplained", "one password, one certificate, and two answers", "postgres.source_rejected", 0.1, 0.5},
      {"tls.stripped", "S inside, N outside", "target.wrong_server", 0.6, 0.8},
      {"tls.stripped", "what is bound to TLS is offered over plain text", "", 0.95, 0.98},
      {"tls.stripped", "the same at the end of a forward", "", 0.95, 0.98},
      {"tls.stripped", "both work under prefer, and one of them in plain text", "", 0.9, 0.98},
      {"target.wrong_server", "another server, which has no TLS", "", 0.9, 0.98},
      {"target.wrong_server", "a forward leads to what has no TLS", "tls.stripped", 0.5, 0.7},
      {"target.wrong_server", "the forward's port is taken", "tls.stripped", 0.8, 0.9},
  };
  for (const auto& [cause, sentence, alternative, least, most] : cases) {
    const v1::Finding verdict = VerdictOf(RowOf(cause, sentence));
    SCOPED_TRACE(std::string(cause) + ", " + sentence + ": " + verdict.summary());
    EXPECT_EQ(verdict.cause(), cause);
    EXPECT_GE(verdict.confidence(), least);
    EXPECT_LE(verdict.confidence(), most);
    const bool proved = std::string_view(alternative).empty();
    if (!proved) {
      EXPECT_THAT(verdict.alternatives(), ::testing::Contains(alternative));
      EXPECT_THAT(verdict.next_evidence(), Not(IsEmpty()));
    } else {
      EXPECT_THAT(verdict.alternatives(), IsEmpty());
    }
  }
}

TEST(Clocks, AreNamedWhereTheyAndNotTheDatesAreWrong) {
  struct {
    const char* sentence;
    const char* says;
    double confidence;
  } const cases[] = {
      {"the outside's clock is far ahead of two others", "The clock of the outside is 400 days ahead", 0.95},
      {"the inside's clock is behind, and it is not valid there yet", "The clock of the inside is 400 days behind",
       0.95},
  };
  for (const auto& [sentence, says, confidence] : cases) {
    const v1::Finding verdict = VerdictOf(RowOf("tls.expired", sentence));
    EXPECT_THAT(verdict.summary(), HasSubstr(says));
    EXPECT_GE(verdict.confidence(), confidence) << sentence;
    EXPECT_THAT(RemedyOf(verdict), ::testing::AllOf(HasSubstr("timedatectl"), HasSubstr("chronyc makestep")));
    EXPECT_THAT(RemedyOf(verdict), Not(HasSubstr("openssl"))) << "the certificate needs nothing";
    EXPECT_THAT(verdict.title(), HasSubstr("clock"));
  }
  const v1::Finding expired = VerdictOf(RowOf("tls.expired", "it has expired, and the inside's clock is behind"));
  EXPECT_THAT(expired.summary(), HasSubstr("The server's certificate is not valid"));
  EXPECT_THAT(RemedyOf(expired), HasSubstr("openssl"));
}

TEST(Clocks, OneAgainstOneIsNotCertain) {
  RunBuilder builder = RowOf("tls.expired", "the outside's clock is far ahead of two others").build();
  builder.Outside().side.set_vantage("local");  // its clock is the controller's
  builder.Outside().side.set_clock_offset_ns(0);
  builder.Inside().side.set_clock_offset_ns(-400LL * 86'400 * 1'000'000'000);
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_THAT(verdict.summary(), HasSubstr("The clock of the outside is 400 days ahead"));
  EXPECT_LT(verdict.confidence(), 0.8);
  EXPECT_THAT(verdict.next_evidence(), ::testing::Contains(HasSubstr("date -u")));
}

TEST(Clocks, ThatWereNotMeasuredSayNothing) {
  RunBuilder builder = RowOf("tls.expired", "the outside's clock is far ahead of two others").build();
  for (support::Place* place : {&builder.Inside(), &builder.Outside()}) place->side.clear_clock_uncertainty_ns();
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_THAT(verdict.summary(), HasSubstr("The server's certificate is not valid"));
}

TEST(OwnHost, IsNoTarget) {
  const v1::Finding sinkhole = VerdictOf(RowOf("unexplained", "a name that leads each side to itself, by ::1"));
  EXPECT_THAT(sinkhole.summary(), ::testing::AllOf(HasSubstr("db.internal leads to ::1"), HasSubstr("own host")));
  EXPECT_THAT(RemedyOf(sinkhole), HasSubstr("hosts file"));
  const v1::Finding outside = VerdictOf(RowOf("dns.split_horizon", "outside the name leads that host to itself"));
  EXPECT_THAT(outside.summary(), HasSubstr("that host itself"));
  EXPECT_THAT(outside.alternatives(), IsEmpty());
  const v1::Finding one = VerdictOf(RowOf("target.down", "on 127.0.0.1 of the one host that both sides stand on"));
  EXPECT_LT(one.confidence(), 0.7) << "one observation, and not two";
  EXPECT_THAT(EvidenceOf(one), HasSubstr("one observation"));
}

TEST(Address, WhatIsKnownOfOneIsNotSaidOfAnother) {
  const v1::Finding verdict =
      VerdictOf(RowOf("target.unreachable", "at the one address, while the other refuses a closed port"));
  EXPECT_THAT(EvidenceOf(verdict), Not(HasSubstr("closed port")));
  EXPECT_THAT(verdict.summary(), HasSubstr("down, gone, or filtered"));
  RunBuilder own(support::kTarget, Way::kRouted);
  for (support::Place* place : {&own.Inside(), &own.Outside()}) {
    place->On("postgres", support::NoConnect(v1::TIMED_OUT, 5000));
    place->On("must-not-connect 10.0.4.172", support::NoConnect(v1::REFUSED, 0.4));
  }
  const v1::Finding up = MakeReport(own.Build()).targets(0).diagnosis().verdict();
  EXPECT_THAT(EvidenceOf(up), HasSubstr("a closed port of 10.0.4.172")) << up.cause();
}

TEST(Tunnels, AnIdleOneIsOneOfWhateverKind) {
  for (const char* kind : {"tun", "wireguard", "ovpn", "amneziawg", "ip6tnl", "sit", "gretap", "ppp"}) {
    RunBuilder builder = RowOf("route.not_through_tunnel", "the tunnel is up and its routes are gone").build();
    for (v1::Interface& interface : *builder.Outside().side.mutable_agent()->mutable_host()->mutable_interfaces()) {
      if (interface.name() == "sst") interface.set_link_kind(contract::LinkKindFromName(kind));
    }
    EXPECT_EQ(MakeReport(builder.Build()).targets(0).diagnosis().verdict().cause(), "route.not_through_tunnel") << kind;
  }
}

TEST(Certificates, OfAWrongPurposeAreNotMendedByAnotherRoot) {
  struct {
    const char* error;
    const char* says;
    const char* remedy;
  } const cases[] = {
      {"unsuitable certificate purpose", "not made for a server", "serverAuth"},
      {"unsupported certificate purpose", "not made for a server", "serverAuth"},
      {"EE certificate key too small", "too small", "issue it again"},
      {"CA signature digest algorithm too weak", "too weak", "issue it again"},
      {"invalid CA certificate", "may issue none", "intermediates"},
      {"unable to get local issuer certificate", "no root that is trusted", "--ssl-root-cert"},
  };
  for (const auto& [error, says, remedy] : cases) {
    RunBuilder builder(support::kNamedTarget);
    builder.options.targets.front().set_ssl_mode("verify-full");
    for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
      place->talk.trusted = false;
      place->talk.verify_error = error;
    }
    const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
    EXPECT_EQ(verdict.cause(), "tls.untrusted");
    EXPECT_THAT(verdict.summary(), HasSubstr(says)) << error;
    EXPECT_THAT(RemedyOf(verdict), HasSubstr(remedy)) << error;
    if (std::string_view(remedy) != "--ssl-root-cert") {
      EXPECT_THAT(RemedyOf(verdict), Not(HasSubstr("--ssl-root-cert"))) << error;
    }
  }
}

TEST(Names, NoSpellingHelpsWhereNoResolverAnswers) {
  struct {
    v1::Failure failure;
    bool both;
    const char* helps;
    const char* does_not;
  } const cases[] = {
      {v1::NAME_NOT_FOUND, true, "spelling", "resolv.conf"},
      {v1::RESOLVER_FAILED, true, "resolv.conf", "spelling"},
      {v1::TIMED_OUT, true, "resolv.conf", "spelling"},
      {v1::NAME_NOT_FOUND, false, "private hosted zone", "resolv.conf"},
      {v1::RESOLVER_FAILED, false, "resolv.conf", "private hosted zone"},
  };
  for (const auto& [failure, both, helps, does_not] : cases) {
    RunBuilder builder(support::kNamedTarget);
    builder.Outside().names.clear();
    if (both) builder.Inside().names.clear();
    builder.Inside().unresolved = builder.Outside().unresolved = failure;
    const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
    EXPECT_EQ(verdict.cause(), both ? "dns.unresolved_everywhere" : "dns.unresolved_outside");
    EXPECT_THAT(RemedyOf(verdict), ::testing::AllOf(HasSubstr(helps), Not(HasSubstr(does_not)))) << verdict.summary();
  }
}

// A map of one host and port is no word about other targets.
TEST(ConnectTo, OfAnotherHostChangesNothing) {
  for (const char* url : {"tcp://a.internal:80", "postgres://app@a.internal:5432/app?sslmode=require"}) {
    for (const bool mapped : {false, true}) {
      RunBuilder builder(url, Way::kSst);
      std::string other = url;
      other.replace(other.find("a.internal"), 1, "b");
      builder.AddTarget(other);
      for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
        place->names["a.internal"] = place->names["b.internal"] = {"10.0.4.172"};
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
        EXPECT_EQ(target.comparison().status(), v1::HEALTHY) << url << mapped << Told(report);
        bool located = false;
        for (const v1::Pair& pair : target.comparison().pairs()) located = located || pair.role() == v1::TUNNEL;
        EXPECT_TRUE(located) << url << mapped;
      }
    }
  }
}

// What only a PostgreSQL has is not advised of another target, and the other way round.
TEST(Remedy, IsForTheTargetAtHand) {
  for (const char* url : {"http://10.0.4.172:8080/health", "https://10.0.4.172/health", "tcp://10.0.4.172:80"}) {
    RunBuilder builder(url, Way::kRouted);
    for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
      place->On("http", support::NoConnect(v1::REFUSED, 0.4)).On("tcp", support::NoConnect(v1::REFUSED, 0.4));
    }
    const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
    EXPECT_EQ(verdict.cause(), "target.down") << url;
    EXPECT_THAT(RemedyOf(verdict), ::testing::AllOf(HasSubstr("ss -ltn"), Not(HasSubstr("rds")), Not(HasSubstr("{"))))
        << url;
  }
  for (const Cause& cause : Catalogue()) {
    for (const char* scheme : {"postgres", "http", "https", "tcp", "tls"}) {
      v1::Comparison comparison;
      comparison.mutable_target()->set_scheme(scheme);
      comparison.mutable_target()->set_host("db.internal");
      comparison.mutable_target()->set_port(443);
      std::string all;
      for (const std::string& line : FillRemedy(cause.remedy, comparison)) all += line + "\n";
      const bool postgres = std::string_view(scheme) == "postgres";
      EXPECT_THAT(all, Not(HasSubstr("{"))) << cause.id;
      if (postgres || cause.id.starts_with("postgres.")) continue;
      for (const char* word : {"aws rds ", "starttls", "-C postgres"}) {
        EXPECT_THAT(all, Not(HasSubstr(word))) << cause.id << " of " << scheme;
      }
    }
  }
}

TEST(Ambiguity, WhatOnlyALargeMessageMeetsMayBeThePaths) {
  struct {
    v1::StepKind kind;
    v1::Failure failure;
    const char* cause;
  } const cases[] = {{v1::UPLOAD, v1::RESET, "path.reset_midstream"},
                     {v1::UPLOAD, v1::TIMED_OUT, "path.mtu_black_hole_up"},
                     {v1::DOWNLOAD, v1::TIMED_OUT, "path.mtu_black_hole_down"}};
  for (const auto& [kind, failure, cause] : cases) {
    RunBuilder builder;
    builder.options.client = plan::ClientQuestions{false, 1'000'000, 1'000'000};
    builder.Outside().On("sql",
                         support::Of({support::Done(v1::CLIENT_CONNECT, 300), support::Failed(kind, failure, 90)}));
    const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
    EXPECT_EQ(verdict.cause(), "app.command_differs");
    EXPECT_THAT(verdict.alternatives(), ::testing::ElementsAre(cause));
    ASSERT_GE(verdict.evidence_size(), 2);
    EXPECT_EQ(verdict.evidence(0).step(), kind);
    EXPECT_EQ(verdict.evidence(1).side(), "inside");
    EXPECT_EQ(verdict.evidence(1).step(), kind) << "the same step, where it passes";
  }
}

TEST(Ambiguity, AnEndAfterOurWordsMayBeAnAnswerToThem) {
  RunBuilder builder;
  builder.Outside().WithoutSocks().On("postgres", support::Closed(v1::SSL_REQUEST, 0.5, 45));
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_EQ(verdict.cause(), "vpc.refused_beyond_bastion");
  EXPECT_LE(verdict.confidence(), 0.7);
  EXPECT_THAT(verdict.alternatives(), ::testing::Contains("path.stage_reset"));
}

TEST(Witness, OnTheBastionSettlesWhatItWasAskedFor) {
  const auto refused = [](bool from_the_bastion) {
    RunBuilder builder;
    builder.Outside().On("postgres", support::Closed(v1::SSL_REQUEST, 0.5, 45));
    builder.Outside().Socks("10.0.4.172:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
    support::Place& witness = builder.Witness("bastion", Way::kRouted, 0.3);
    builder.Outside().banner.set_host_key_type("ssh-ed25519");
    builder.Outside().banner.set_host_key_sha256("SHA256:bastion");
    witness.side.mutable_agent()->mutable_host()->add_ssh_host_keys("ssh-ed25519 SHA256:bastion");
    if (from_the_bastion) witness.On("postgres", support::NoConnect(v1::REFUSED, 0.3));
    return MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  };
  for (const bool from_the_bastion : {true, false}) {
    const v1::Finding verdict = refused(from_the_bastion);
    EXPECT_EQ(verdict.cause(), "vpc.refused_beyond_bastion");
    EXPECT_THAT(verdict.next_evidence(), Not(::testing::Contains(HasSubstr("--witness")))) << "there is one";
    std::string told;
    for (const v1::Evidence& evidence : verdict.evidence()) told += evidence.text() + "\n";
    EXPECT_THAT(told, HasSubstr("from the bastion itself (bastion)"));
    EXPECT_THAT(told, HasSubstr(from_the_bastion ? "connect refused" : "the target answers"));
  }
}

TEST(Unexplained, TellsWhatTheRealClientMetWhereAllElseIsWell) {
  RunBuilder builder;
  builder.options.client = plan::ClientQuestions{true, 0, 0};
  for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
    place->On("sql", support::Of({support::Done(v1::CLIENT_CONNECT, 9), support::Said(v1::DDL, "42501", "denied", 4)}));
  }
  const v1::Finding verdict = MakeReport(builder.Build()).targets(0).diagnosis().verdict();
  EXPECT_EQ(verdict.cause(), "unexplained");
  EXPECT_THAT(verdict.summary(), HasSubstr("error 42501: denied"));
  EXPECT_THAT(verdict.evidence(0).text(), HasSubstr("client: ddl"));
}

// No alarm where all is well: every way, round trip, name and mode.
TEST(Healthy, RaisesNoAlarm) {
  for (const Way way : {Way::kRouted, Way::kSst, Way::kRedsocks, Way::kForward, Way::kWireGuard, Way::kSshuttle}) {
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
                           host + ", " + mode + (credentials ? "" : ", no credentials") + "\n" + Told(report));
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
  const v1::Report report = MakeReport(RunBuilder(support::kTarget, Way::kInside).Build());
  EXPECT_EQ(ExitCode(report), 0);
  ASSERT_GT(report.targets(0).diagnosis().findings_size(), 0);
  EXPECT_EQ(report.targets(0).diagnosis().findings(0).cause(), "vantage.unlike");
  EXPECT_EQ(report.targets(0).diagnosis().findings(0).severity(), v1::WARNING);
}

TEST(Healthy, OtherKindsOfTargets) {
  for (const Way way : {Way::kRouted, Way::kSst, Way::kWireGuard}) {
    for (const char* url : {"tls://10.0.4.172:443", "tls://db.internal:443", "dns:db.internal"}) {
      const v1::Report report = MakeReport(RunBuilder(url, way).Build());
      EXPECT_EQ(ExitCode(report), 0) << url << "\n" << Told(report);
    }
  }
  EXPECT_EQ(ExitCode(MakeReport(RunBuilder("tcp://10.0.4.172:80", Way::kRouted).Build())), 0);
}

// A connect that the tunnel answers, and a server that waits for the client to speak.
TEST(Healthy, ATcpTargetThatNothingVouchesForIsNoFault) {
  RunBuilder builder("tcp://10.0.4.172:80");
  builder.Outside().WithoutSocks();
  const v1::Report report = MakeReport(builder.Build());
  EXPECT_EQ(report.status(), v1::CANNOT_TELL) << Told(report);
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
  for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
    place->names["db.internal"] = {"10.0.4.172", "fd00:4::172"};
  }
  builder.Inside().side.mutable_agent()->mutable_host()->mutable_interfaces(1)->add_addresses("fd00:8::50/64");
  builder.Outside().On("postgres [fd00", support::NoConnect(v1::NO_ROUTE, 0.01));
  EXPECT_EQ(ExitCode(MakeReport(builder.Build())), 0) << Told(MakeReport(builder.Build()));
  // Without the other there is nothing left to dial.
  builder.Outside().On("postgres 10.0.4.172", support::NoConnect(v1::REFUSED, 40));
  EXPECT_EQ(ExitCode(MakeReport(builder.Build())), 1);
}

TEST(Healthy, BothSidesInOneNetwork) {
  RunBuilder builder(support::kTarget, Way::kInside, 0.4);
  builder.Outside().side.mutable_agent()->mutable_host()->mutable_interfaces(1)->set_addresses(0, "10.0.8.51/22");
  EXPECT_EQ(ExitCode(MakeReport(builder.Build())), 0);
}

TEST(Verdict, SaysThatTheInsideIsTheBastion) {
  RunBuilder builder;
  builder.Inside().side.mutable_agent()->mutable_host()->set_ssh_host_keys(0, "ssh-ed25519 SHA256:bastion");
  builder.Inside().On("postgres", support::NoConnect(v1::TIMED_OUT, 5000));
  builder.Outside().On("postgres", support::Mute(v1::SSL_REQUEST, 0.5));
  const v1::Report report = MakeReport(builder.Build());
  const v1::Finding& verdict = report.targets(0).diagnosis().verdict();
  EXPECT_EQ(verdict.cause(), "target.unreachable") << Told(report);
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
  EXPECT_EQ(report.targets(0).diagnosis().verdict().cause(), "tunnel.carrier_dead") << Told(report);
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

TEST(Rows, NoRemedyHasAPlaceholderLeft) {
  for (const RuleRow& row : RuleRows()) {
    const v1::Report report = MakeReport(row.build().Build());
    for (const v1::Finding& finding : report.targets(0).diagnosis().findings()) {
      for (const std::string& line : finding.remedy()) {
        EXPECT_THAT(line, Not(HasSubstr("{"))) << finding.cause() << " in: " << row.sentence;
      }
    }
  }
}

}  // namespace
}  // namespace parallax::diagnose
