// What the postgres probe answers to whom, and what it keeps to itself.
#include "agent/probes/postgres/postgres_probe_for_test.h"

namespace parallax::probes {
namespace {

TEST_F(PostgresProbeTest, WithoutCredentialsItStopsAtTheServersAnswerAndSaysSo) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(fake::Sasl({"SCRAM-SHA-256"}));
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "connect startup authentication");
  EXPECT_EQ(seen.outcome(), v1::NONE);
  const v1::Step& step = StepOf(seen, v1::AUTHENTICATION);
  EXPECT_THAT(step.auth().offered(), ElementsAre("scram-sha-256"));
  EXPECT_FALSE(step.auth().credentials_present());
  EXPECT_FALSE(step.auth().withheld());
  EXPECT_THAT(step.text(), HasSubstr("no credentials"));
}

TEST_F(PostgresProbeTest, AReferenceThatNamesNothingStopsThereToo) {
  ScriptedServer server([](Peer& peer) {
    fake::ReadUntyped(peer);
    peer.Send(fake::Sasl({"SCRAM-SHA-256"}));
    peer.AwaitEnd();
  });
  v1::ProbeSpec spec = Spec(server.port(), v1::DISABLE);
  spec.mutable_postgres()->mutable_password()->set_ref("env:PARALLAX_TEST_NOT_SET");
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(Steps(seen), "connect startup authentication");
  EXPECT_FALSE(StepOf(seen, v1::AUTHENTICATION).auth().credentials_present());
  EXPECT_THAT(StepOf(seen, v1::AUTHENTICATION).text(), HasSubstr("PARALLAX_TEST_NOT_SET"));
}

TEST_F(PostgresProbeTest, AMethodThatIsNotSpokenStopsAsWellWithoutCredentials) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(fake::Authentication(7));  // GSSAPI
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "connect startup authentication");
  EXPECT_EQ(Steps(InClear(
                [](Peer& peer) {
                  peer.Send(fake::Authentication(7));
                  peer.AwaitEnd();
                },
                /*with_password=*/true)),
            "connect startup authentication:unsupported");
}

TEST_F(PostgresProbeTest, CleartextAndMd5AreWithheldWithoutTls) {
  for (const std::string& request : {fake::Authentication(3), fake::Authentication(5, "salt")}) {
    const v1::Observation seen = InClear(
        [&](Peer& peer) {
          peer.Send(request);
          peer.AwaitEnd();
        },
        /*with_password=*/true);
    EXPECT_EQ(Steps(seen), "connect startup authentication");
    EXPECT_EQ(seen.outcome(), v1::NONE);
    const v1::AuthDetails& auth = StepOf(seen, v1::AUTHENTICATION).auth();
    EXPECT_TRUE(auth.credentials_present());
    EXPECT_TRUE(auth.withheld());
    EXPECT_THAT(auth.withheld_why(), HasSubstr("without TLS"));
    EXPECT_EQ(received_.size(), startup_.size()) << "not one byte after the startup message";
  }
}

TEST_F(PostgresProbeTest, CleartextGoesOverTls) {
  std::string answer;
  const v1::Observation seen = OverTls(
      [&](Peer& peer) {
        peer.Send(fake::Authentication(3));
        answer = fake::ReadTyped(peer);
        ServeTrusting(peer);
      },
      v1::REQUIRE);
  EXPECT_EQ(answer, fake::Message('p', std::string(kPassword) + '\0'));
  EXPECT_EQ(seen.outcome(), v1::NONE) << Steps(seen);
  EXPECT_EQ(StepOf(seen, v1::AUTHENTICATION).auth().used(), "cleartext");
  EXPECT_EQ(StepOf(seen, v1::AUTHENTICATION).auth().secret_origin(), "sent by the controller");
}

TEST_F(PostgresProbeTest, NoPasswordForACertificateThatIsKnownToBeAnothers) {
  const TlsIdentity other({"other.test", {"other.test"}, {}});
  const support::TempFile roots(other.certificate_pem());
  const v1::Observation seen = OverTls(
      [](Peer& peer) {
        peer.Send(fake::Authentication(3));
        peer.AwaitEnd();
      },
      v1::REQUIRE, roots.path());
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake startup authentication");
  EXPECT_TRUE(StepOf(seen, v1::AUTHENTICATION).auth().withheld());
  EXPECT_THAT(received_, Not(HasSubstr(kPassword)));
}

TEST_F(PostgresProbeTest, AWrongPasswordIsTriedOnce) {
  int connections = 0;
  ScriptedServer server([&](Peer& peer) {
    ++connections;
    fake::ReadUntyped(peer);
    peer.Send("S");
    if (!peer.StartTls(Identity())) return;
    fake::ReadUntyped(peer);
    peer.Send(fake::Authentication(5, "salt"));
    fake::ReadTyped(peer);
    peer.Send(fake::Error("28P01", "password authentication failed for user \"app\""));
  });
  const v1::Observation seen = Run(Spec(server.port(), v1::REQUIRE, /*with_password=*/true));
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake startup authentication:auth_rejected");
  EXPECT_EQ(StepOf(seen, v1::AUTHENTICATION).server_error().code(), "28P01");
  EXPECT_EQ(seen.outcome(), v1::AUTH_REJECTED);
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(PostgresProbeTest, AnotherErrorInAuthenticationIsTheServersWord) {
  const v1::Observation seen = OverTls(
      [](Peer& peer) {
        peer.Send(fake::Authentication(3));
        fake::ReadTyped(peer);
        peer.Send(fake::Error("28000", "role is not permitted to log in"));
      },
      v1::REQUIRE);
  EXPECT_EQ(seen.outcome(), v1::SERVER_ERROR);
  EXPECT_EQ(StepOf(seen, v1::AUTHENTICATION).server_error().code(), "28000");
}

TEST_F(PostgresProbeTest, APasswordThatTheServerEchoesDoesNotComeThrough) {
  for (const size_t before : {10, 1010}) {  // the second is cut in the midst of it
    const v1::Observation seen = OverTls(
        [before](Peer& peer) {
          peer.Send(fake::Authentication(3));
          fake::ReadTyped(peer);
          peer.Send(fake::Error("28P01", std::string(before, 'x') + kPassword));
        },
        v1::REQUIRE);
    EXPECT_EQ(seen.outcome(), v1::AUTH_REJECTED);
    EXPECT_FALSE(Holds(seen, std::string(kPassword).substr(0, 4))) << seen.DebugString();
  }
}

TEST_F(PostgresProbeTest, ScramThatTheServerGarblesIsAViolation) {
  const auto with = [&](const std::function<void(Peer&, const std::string& nonce)>& answer) {
    return Steps(InClear(
        [&](Peer& peer) {
          peer.Send(fake::Sasl({"SCRAM-SHA-256"}));
          const std::string first = fake::ReadTyped(peer);
          answer(peer, first.substr(first.find("r=")));
        },
        /*with_password=*/true));
  };
  constexpr char kViolation[] = "connect startup authentication:protocol_violation";
  EXPECT_EQ(with([](Peer& peer, const std::string&) { peer.Send(fake::Authentication(11, "nonsense")); }), kViolation);
  EXPECT_EQ(with([](Peer& peer, const std::string& nonce) {
              peer.Send(fake::Authentication(11, nonce + "x,s=QUJD,i=2000000000"));
            }),
            kViolation);
  // A server that skips its own proof does not know the password.
  EXPECT_EQ(with([](Peer& peer, const std::string& nonce) {
              peer.Send(fake::Authentication(11, nonce + "x,s=QUJD,i=16"));
              fake::ReadTyped(peer);
              peer.Send(fake::Authentication(0) + fake::Ready());
            }),
            kViolation);
  EXPECT_EQ(with([](Peer& peer, const std::string& nonce) {
              peer.Send(fake::Authentication(11, nonce + "x,s=QUJD,i=16"));
              fake::ReadTyped(peer);
              peer.Send(fake::Authentication(12, "v=QUJD") + fake::Authentication(0));
            }),
            kViolation);
  EXPECT_EQ(with([](Peer& peer, const std::string&) { peer.Send(fake::Authentication(3)); }), kViolation);
  EXPECT_EQ(with([](Peer& peer, const std::string&) { peer.Rst(); }), "connect startup authentication:reset");
}

// --- READY and QUERY

}  // namespace
}  // namespace parallax::probes
