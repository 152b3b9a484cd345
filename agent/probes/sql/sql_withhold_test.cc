// What the staged probe would withhold never leaves by libpq either: servers, and meddlers before them, that ask for
// the password in every way in which it must not be given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "agent/probes/sql/sql_probe.h"
#include "tests/support/fake_postgres.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"
#include "tests/support/tls_identity.h"

namespace parallax::probes {
namespace {

namespace fake = support::fake;
using support::Peer;
using support::ScriptedServer;
using support::StepOf;
using support::Steps;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPassword[] = "correct-horse-battery";

class SqlWithholdTest : public ::testing::Test {
 protected:
  void SetUp() override {
    spec_.set_name("sql");
    sql().mutable_endpoint()->set_host("db.test");
    sql().mutable_endpoint()->set_address("127.0.0.1");
    sql().set_user("app");
    sql().mutable_password()->set_ref("controller:P");
    run_.AddSecret("controller:P", kPassword);
    run_.step_timeout_ms = 3000;
  }
  v1::SqlProbe& sql() { return *spec_.mutable_sql(); }
  // What the probe saw; what all its connections said is in received_.
  v1::Observation Probe(const ScriptedServer::Script& script) {
    const ScriptedServer server(script);
    sql().mutable_endpoint()->set_port(server.port());
    v1::Observation seen = run_.Run(kSqlProbe, spec_);
    received_ = server.received();
    accepted_ = server.accepted();
    EXPECT_FALSE(support::Holds(seen, kPassword));
    return seen;
  }
  void ExpectWithheld(const std::string& what, const ScriptedServer::Script& script) {
    const v1::Observation seen = Probe(script);
    EXPECT_THAT(received_, Not(HasSubstr(kPassword))) << what;
    EXPECT_THAT(received_, Not(HasSubstr("md5"))) << what;
    EXPECT_GE(accepted_, 1) << what;
    EXPECT_EQ(Steps(seen), "client_connect") << what;
    const v1::ClientDetails& client = StepOf(seen, v1::CLIENT_CONNECT).client();
    EXPECT_THAT(client.not_tried(), HasSubstr("the password was withheld: ")) << what;
    EXPECT_THAT(client.not_tried(), HasSubstr("must not travel without TLS")) << what;
  }

  v1::ProbeSpec spec_;
  support::ProbeRun run_;
  std::string received_;
  int accepted_ = 0;
};

const std::string kCleartext = fake::Authentication(3);
const std::string kMd5 = fake::Authentication(5, "salt");

// Hears what is answered, if anything is.
void Ask(Peer& peer, const std::string& request) {
  peer.Send(request);
  peer.AwaitEnd();
}

TEST_F(SqlWithholdTest, NoPasswordInPlainTextUnderAnyModeThatAllowsIt) {
  for (const v1::SslMode mode : {v1::SSL_MODE_UNSPECIFIED, v1::DISABLE, v1::ALLOW, v1::PREFER}) {
    sql().set_ssl_mode(mode);
    for (const std::string& request : {kCleartext, kMd5}) {
      ExpectWithheld(v1::SslMode_Name(mode), [&](Peer& peer) {
        const std::string first = fake::ReadUntyped(peer);
        if (first.size() == 8) {  // SSLRequest
          peer.Send("N");
          fake::ReadUntyped(peer);
        }
        Ask(peer, request);
      });
    }
  }
}

TEST_F(SqlWithholdTest, NeitherBytesInPiecesNorManyAtOncePassTheGate) {
  sql().set_ssl_mode(v1::PREFER);
  ExpectWithheld("byte by byte", [](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send("N");
    fake::ReadUntyped(peer);
    for (const char byte : kCleartext) peer.Send(std::string(1, byte)) && peer.Pause(10);
    peer.AwaitEnd();
  });
  ExpectWithheld("before it is asked", [](Peer& peer) {
    fake::ReadUntyped(peer);
    Ask(peer, "N" + kCleartext);
  });
}

TEST_F(SqlWithholdTest, AMeddlerThatChangesItsMindGetsNothing) {
  sql().set_ssl_mode(v1::DISABLE);
  ExpectWithheld("cleartext within SCRAM", [](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send(fake::Sasl({"SCRAM-SHA-256"}));
    fake::ReadTyped(peer);
    Ask(peer, kCleartext);
  });
  ExpectWithheld("both at once", [](Peer& peer) {
    fake::ReadUntyped(peer);
    Ask(peer, fake::Sasl({"SCRAM-SHA-256"}) + kCleartext);
  });
  sql().set_ssl_mode(v1::PREFER);
  ExpectWithheld("TLS that breaks, and plain text on the second connection", [](Peer& peer) {
    fake::ReadUntyped(peer);
    if (peer.number() == 0) {
      peer.Send("S");
      peer.ReadSome();
      return;
    }
    Ask(peer, kCleartext);
  });
  EXPECT_EQ(accepted_, 2);
  sql().set_ssl_mode(v1::ALLOW);
  ExpectWithheld("an error, and N on the second connection", [](Peer& peer) {
    fake::ReadUntyped(peer);
    if (peer.number() == 0) {
      peer.Send(fake::Error("28000", "no encryption"));
      return;
    }
    peer.Send("N");
    fake::ReadUntyped(peer);
    Ask(peer, kCleartext);
  });
  EXPECT_EQ(accepted_, 2);
}

TEST_F(SqlWithholdTest, WhatTheGateMightReadOtherwiseThanLibpqEndsTheLogin) {
  sql().set_ssl_mode(v1::DISABLE);
  const std::string kRows[] = {
      "E" + fake::Int32(4) + kCleartext,                       // an error of the protocol before this one, or none
      "E" + fake::Int32(40'000) + kCleartext,                  //
      "R" + fake::Int32(4) + kCleartext,                       //
      "R" + fake::Int32(2'001) + fake::Int32(3) + kCleartext,  //
      "N" + fake::Int32(8) + "SX" + std::string(2, '\0') + kCleartext,
      "v" + fake::Int32(12) + fake::Int32(0x30000) + fake::Int32(0) + kCleartext,
  };
  for (const std::string& bytes : kRows) {
    const v1::Observation seen = Probe([&](Peer& peer) {
      fake::ReadUntyped(peer);
      Ask(peer, bytes);
    });
    EXPECT_THAT(received_, Not(HasSubstr(kPassword))) << bytes[0];
    EXPECT_NE(seen.outcome(), v1::NONE) << bytes[0];
  }
}

TEST_F(SqlWithholdTest, AProofMayTravelInPlainText) {
  sql().set_ssl_mode(v1::DISABLE);
  const v1::Observation seen = Probe([](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send(fake::Sasl({"SCRAM-SHA-256"}));
    fake::ReadTyped(peer);
    Ask(peer, fake::Error("28P01", "not you"));
  });
  EXPECT_THAT(received_, HasSubstr("SCRAM-SHA-256"));
  EXPECT_EQ(Steps(seen), "client_connect:auth_rejected");
}

TEST_F(SqlWithholdTest, APasswordThatNobodyAskedForIsSaidToBeUnused) {
  sql().set_ssl_mode(v1::PREFER);
  const v1::Observation seen = Probe([](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send("N");
    fake::ReadUntyped(peer);
    peer.Send(fake::Authentication(0) + fake::Parameter("server_version", "15.8") + fake::KeyData(7) + fake::Ready());
    fake::ReadTyped(peer);
  });
  EXPECT_EQ(Steps(seen).rfind("client_connect query", 0), 0U) << Steps(seen);
  EXPECT_TRUE(StepOf(seen, v1::CLIENT_CONNECT).client().password_unused());
}

class OverTls : public SqlWithholdTest {
 protected:
  ScriptedServer::Script Asks(const std::string& request) {
    return [this, request](Peer& peer) {
      if (fake::ReadUntyped(peer).size() != 8) return;
      peer.Send("S");
      if (!peer.StartTls(identity_) || fake::ReadUntyped(peer).empty()) return;
      Ask(peer, request);
    };
  }
  const support::TlsIdentity identity_{[] {
    support::CertificateSpec spec;
    spec.dns_names = {"other.test"};
    return spec;
  }()};
};

TEST_F(OverTls, ACertificateThatNobodyVerifiesIsAnsweredAsTheModeSays) {
  sql().set_ssl_mode(v1::REQUIRE);
  Probe(Asks(kCleartext));
  EXPECT_THAT(received_, HasSubstr(kPassword));
  EXPECT_EQ(accepted_, 1);
}

TEST_F(OverTls, OneThatIsKnownToBeAnothersGetsAProofOrNothing) {
  const support::TempFile roots(identity_.certificate_pem());
  sql().set_ssl_root_cert(roots.path());
  for (const v1::SslMode mode : {v1::PREFER, v1::REQUIRE, v1::VERIFY_CA}) {
    sql().set_ssl_mode(mode);
    for (const std::string& request : {kCleartext, kMd5}) {
      const v1::Observation seen = Probe(Asks(request));
      EXPECT_THAT(received_, Not(HasSubstr(kPassword))) << mode;
      EXPECT_THAT(received_, Not(HasSubstr("md5"))) << mode;
      const v1::ClientDetails& client = StepOf(seen, v1::CLIENT_CONNECT).client();
      EXPECT_THAT(client.not_tried(), HasSubstr("the certificate is not the expected one")) << mode;
      EXPECT_EQ(Steps(seen), "client_connect");
      EXPECT_EQ(accepted_, 2) << "the second time by SCRAM or not at all";
    }
  }
}

}  // namespace
}  // namespace parallax::probes
