// The postgres probe against a server that follows a script: every row of "postgres, in detail" of proto/README.md.
#include "agent/probes/postgres/postgres_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/support/fake_postgres.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"

namespace parallax::probes {
namespace {

using support::Holds;
using support::Peer;
using support::ScriptedServer;
using support::StepOf;
using support::Steps;
using support::TlsIdentity;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
namespace fake = support::fake;

constexpr char kRef[] = "controller:PASSWORD";
constexpr char kPassword[] = "correct-horse-battery";
constexpr int kShortMs = 150;

// Shared by all tests: making a key is the slow part. Never destroyed.
const TlsIdentity& Identity() {
  static const TlsIdentity& identity = *new TlsIdentity({"db.test", {"db.test"}, {"127.0.0.1"}});
  return identity;
}

class PostgresProbeTest : public ::testing::Test {
 protected:
  v1::ProbeSpec Spec(uint16_t port, v1::SslMode mode, bool with_password = false) {
    v1::ProbeSpec spec;
    spec.set_name("postgres");
    v1::PostgresProbe* postgres = spec.mutable_postgres();
    postgres->mutable_endpoint()->set_host("db.test");
    postgres->mutable_endpoint()->set_address("127.0.0.1");
    postgres->mutable_endpoint()->set_port(port);
    postgres->set_user("app");
    postgres->set_database("shop");
    postgres->set_ssl_mode(mode);
    if (with_password) {
      postgres->mutable_password()->set_ref(kRef);
      run_.AddSecret(kRef, kPassword);
    }
    return spec;
  }

  v1::Observation Run(const v1::ProbeSpec& spec) {
    v1::Observation observation = run_.Run(kPostgresProbe, spec);
    EXPECT_FALSE(Holds(observation, kPassword)) << observation.DebugString();
    return observation;
  }

  // The answer to the SSLRequest, and nothing else.
  v1::Observation AfterSslRequest(const std::function<void(Peer&)>& answer, v1::SslMode mode = v1::REQUIRE) {
    ScriptedServer server([&](Peer& peer) {
      fake::ReadUntyped(peer);
      answer(peer);
    });
    return Run(Spec(server.port(), mode));
  }

  // From the startup message on, in clear.
  v1::Observation InClear(const std::function<void(Peer&)>& answer, bool with_password = false) {
    ScriptedServer server([&](Peer& peer) {
      startup_ = fake::ReadUntyped(peer);
      answer(peer);
    });
    v1::Observation observation = Run(Spec(server.port(), v1::DISABLE, with_password));
    received_ = server.received();
    return observation;
  }

  // From the startup message on, over TLS.
  v1::Observation OverTls(const std::function<void(Peer&)>& answer, v1::SslMode mode, const std::string& roots = "") {
    ScriptedServer server([&](Peer& peer) {
      fake::ReadUntyped(peer);
      peer.Send("S");
      if (!peer.StartTls(Identity())) return;
      startup_ = fake::ReadUntyped(peer);
      answer(peer);
    });
    v1::ProbeSpec spec = Spec(server.port(), mode, /*with_password=*/true);
    spec.mutable_postgres()->set_ssl_root_cert(roots);
    v1::Observation observation = Run(spec);
    received_ = server.received();
    return observation;
  }

  support::ProbeRun run_;
  std::string startup_;
  std::string received_;  // what the server got, decrypted
};

// What a healthy server says from the startup message on, when it trusts the client.
void ServeTrusting(Peer& peer) {
  peer.Send(fake::Authentication(0) + fake::Parameter("server_version", "15.3") +
            fake::Parameter("is_superuser", "off") + fake::KeyData(4711) + fake::Ready());
  for (std::string asked; !(asked = fake::ReadTyped(peer)).empty() && asked[0] == 'Q';) {
    std::string row = fake::Row({"1"});
    if (asked.find("inet_server_addr") != std::string::npos) row = fake::Row({"10.0.4.172:5432", "10.0.8.50", "f"});
    if (asked.find("pg_control_system") != std::string::npos) row = fake::Row({"7012345678901234567"});
    peer.Send(row + fake::Complete() + fake::Ready());
  }
}

TEST_F(PostgresProbeTest, ATrustingServerIsAskedToTheEnd) {
  const v1::Observation seen = InClear(&ServeTrusting);
  EXPECT_EQ(Steps(seen), "connect startup authentication ready query query[identity]");
  EXPECT_EQ(seen.outcome(), v1::NONE);
  EXPECT_THAT(StepOf(seen, v1::AUTHENTICATION).auth().offered(), ElementsAre("trust"));
  EXPECT_EQ(StepOf(seen, v1::READY).postgres().server_version(), "15.3");
  EXPECT_EQ(StepOf(seen, v1::READY).postgres().backend_pid(), 4711);
  const v1::PostgresDetails& facts = StepOf(seen, v1::QUERY).postgres();
  EXPECT_EQ(facts.server_address(), "10.0.4.172:5432");
  EXPECT_EQ(facts.client_address(), "10.0.8.50");
  EXPECT_EQ(facts.system_identifier(), "7012345678901234567");
  EXPECT_EQ(seen.connections(0).end(), v1::CLOSED_BY_US);
  EXPECT_THAT(startup_, HasSubstr(std::string("user\0app\0database\0shop\0", 23)));
}

// --- SSL_REQUEST

TEST_F(PostgresProbeTest, NWhereTheModeDemandsTls) {
  const v1::Observation seen = AfterSslRequest([](Peer& peer) {
    peer.Send("N");
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "connect ssl_request:tls_protocol");
  EXPECT_EQ(StepOf(seen, v1::SSL_REQUEST).peer_bytes().head(), "N");
  EXPECT_EQ(seen.outcome(), v1::TLS_PROTOCOL);
  EXPECT_EQ(seen.connections(0).end(), v1::CLOSED_BY_US) << "we ended it, the peer was not silent";
}

TEST_F(PostgresProbeTest, NWithPreferGoesOnInClear) {
  const v1::Observation seen = AfterSslRequest(
      [](Peer& peer) {
        peer.Send("N");
        fake::ReadUntyped(peer);
        ServeTrusting(peer);
      },
      v1::PREFER);
  EXPECT_EQ(Steps(seen), "connect ssl_request startup authentication ready query query[identity]");
  EXPECT_EQ(StepOf(seen, v1::SSL_REQUEST).peer_bytes().head(), "N");
}

TEST_F(PostgresProbeTest, AnotherByteIsUnexpected) {
  for (const char* answer : {"X", "E", "H", "\x15", "s"}) {
    const v1::Observation seen = AfterSslRequest([&](Peer& peer) { peer.Send(answer); });
    EXPECT_EQ(Steps(seen), "connect ssl_request:unexpected_first_byte");
    EXPECT_EQ(StepOf(seen, v1::SSL_REQUEST).peer_bytes().head(), answer);
  }
}

TEST_F(PostgresProbeTest, AnErrorMessageInPlaceOfTheByteIsUnexpectedAndKept) {
  const v1::Observation seen = AfterSslRequest([](Peer& peer) { peer.Send(fake::Error("0A000", "no such protocol")); });
  EXPECT_EQ(Steps(seen), "connect ssl_request:unexpected_first_byte");
  EXPECT_EQ(StepOf(seen, v1::SSL_REQUEST).peer_bytes().head()[0], 'E');
}

TEST_F(PostgresProbeTest, AnSThatGoesOnIsABannerAndNoTls) {
  const v1::Observation seen = AfterSslRequest([](Peer& peer) { peer.Send("SSH-2.0-OpenSSH_9.2p1\r\n"); });
  EXPECT_EQ(Steps(seen), "connect ssl_request:unexpected_first_byte");
  EXPECT_THAT(StepOf(seen, v1::SSL_REQUEST).peer_bytes().head(), HasSubstr("SSH-2.0"));
}

TEST_F(PostgresProbeTest, AServerThatGreetsUnaskedIsNotPostgres) {
  ScriptedServer server([](Peer& peer) {
    peer.Send("220 mail.test ESMTP\r\n");
    peer.AwaitEnd();
  });
  const v1::Observation seen = Run(Spec(server.port(), v1::REQUIRE));
  EXPECT_EQ(Steps(seen), "connect ssl_request:unexpected_first_byte");
  EXPECT_THAT(StepOf(seen, v1::SSL_REQUEST).peer_bytes().head(), HasSubstr("220 mail"));
}

TEST_F(PostgresProbeTest, SilenceIsATimeout) {
  run_.step_timeout_ms = kShortMs;
  const v1::Observation seen = AfterSslRequest([](Peer& peer) { peer.AwaitEnd(); });
  EXPECT_EQ(Steps(seen), "connect ssl_request:timed_out");
  EXPECT_EQ(StepOf(seen, v1::SSL_REQUEST).end(), v1::SILENCE);
  EXPECT_EQ(seen.connections(0).end(), v1::SILENCE);
  EXPECT_EQ(StepOf(seen, v1::SSL_REQUEST).bytes_out(), 8U);
  EXPECT_EQ(StepOf(seen, v1::SSL_REQUEST).bytes_in(), 0U);
}

TEST_F(PostgresProbeTest, AResetAndACloseAreToldApart) {
  const v1::Observation reset = AfterSslRequest([](Peer& peer) { peer.Rst(); });
  EXPECT_EQ(Steps(reset), "connect ssl_request:reset_before_first_byte");
  EXPECT_EQ(StepOf(reset, v1::SSL_REQUEST).end(), v1::RST_BY_PEER);
  const v1::Observation closed = AfterSslRequest([](Peer& peer) { peer.Fin(); });
  EXPECT_EQ(Steps(closed), "connect ssl_request:closed_before_first_byte");
  EXPECT_EQ(StepOf(closed, v1::SSL_REQUEST).end(), v1::FIN_BY_PEER);
}

TEST_F(PostgresProbeTest, NobodyListens) {
  const support::ClosedPort port;
  const v1::Observation seen = Run(Spec(port.port(), v1::REQUIRE));
  EXPECT_EQ(Steps(seen), "connect:refused");
  EXPECT_EQ(seen.connections(0).end(), v1::NEVER_OPENED);
}

// --- TLS_HANDSHAKE

TEST_F(PostgresProbeTest, AnSAndThenNoTls) {
  const v1::Observation garbage = AfterSslRequest([](Peer& peer) {
    peer.Send("S");
    peer.ReadSome();
    peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(garbage), "connect ssl_request tls_handshake:tls_protocol");
  const v1::Observation reset = AfterSslRequest([](Peer& peer) {
    peer.Send("S");
    peer.ReadSome();
    peer.Rst();
  });
  EXPECT_EQ(Steps(reset), "connect ssl_request tls_handshake:reset");
  run_.step_timeout_ms = kShortMs;
  const v1::Observation silent = AfterSslRequest([](Peer& peer) {
    peer.Send("S");
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(silent), "connect ssl_request tls_handshake:timed_out");
  EXPECT_EQ(StepOf(silent, v1::TLS_HANDSHAKE).end(), v1::SILENCE);
}

TEST_F(PostgresProbeTest, VerifyFullStopsAtAForeignCertificateBeforeTheStartup) {
  const v1::Observation seen = OverTls([](Peer& peer) { peer.AwaitEnd(); }, v1::VERIFY_FULL);
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake:tls_certificate");
  EXPECT_THAT(startup_, IsEmpty());
  const v1::TlsDetails& tls = StepOf(seen, v1::TLS_HANDSHAKE).tls();
  EXPECT_FALSE(tls.trusted());
  ASSERT_EQ(tls.chain_size(), 1);
  EXPECT_THAT(tls.chain(0).dns_names(), ElementsAre("db.test"));
}

TEST_F(PostgresProbeTest, VerifyFullGoesOnWithTheRightRoot) {
  const support::TempFile roots(Identity().certificate_pem());
  const v1::Observation seen = OverTls(&ServeTrusting, v1::VERIFY_FULL, roots.path());
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake startup authentication ready query query[identity]");
}

TEST_F(PostgresProbeTest, RootsThatCannotBeReadAreOurOwnTrouble) {
  const v1::Observation seen = OverTls([](Peer& peer) { peer.AwaitEnd(); }, v1::VERIFY_FULL, "/nowhere/root.pem");
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake:local_resource");
  EXPECT_THAT(StepOf(seen, v1::TLS_HANDSHAKE).text(), HasSubstr("/nowhere/root.pem"));
}

// --- STARTUP

TEST_F(PostgresProbeTest, AnErrorToTheStartupMessageIsTheServersWord) {
  const v1::Observation seen =
      InClear([](Peer& peer) { peer.Send(fake::Error("28000", "no pg_hba.conf entry for host \"10.0.8.50\"")); });
  EXPECT_EQ(Steps(seen), "connect startup:server_error");
  EXPECT_EQ(StepOf(seen, v1::STARTUP).server_error().code(), "28000");
  EXPECT_THAT(StepOf(seen, v1::STARTUP).server_error().message(), HasSubstr("10.0.8.50"));
  EXPECT_EQ(seen.outcome(), v1::SERVER_ERROR);
}

TEST_F(PostgresProbeTest, AnErrorOfHalfAMegabyteIsTheServersWordToo) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(fake::Error("53300", std::string(500'000, 'x')));
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "connect startup:server_error");
  EXPECT_EQ(StepOf(seen, v1::STARTUP).server_error().code(), "53300");
  EXPECT_THAT(StepOf(seen, v1::STARTUP).server_error().message(), HasSubstr("xxx"));
  EXPECT_LE(seen.ByteSizeLong(), 10'000U);
}

TEST_F(PostgresProbeTest, AnotherProtocolsFirstBytesAreUnexpected) {
  const v1::Observation seen = InClear([](Peer& peer) { peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  EXPECT_EQ(Steps(seen), "connect startup:unexpected_first_byte");
  EXPECT_THAT(StepOf(seen, v1::STARTUP).peer_bytes().head(), HasSubstr("HTTP/1.1"));
}

TEST_F(PostgresProbeTest, AMessageThatIsNoAnswerToAStartupIsAViolation) {
  EXPECT_EQ(Steps(InClear([](Peer& peer) { peer.Send(fake::Ready()); })), "connect startup:protocol_violation");
  EXPECT_EQ(Steps(InClear([](Peer& peer) { peer.Send(fake::Message('R', "ab")); })),
            "connect startup:protocol_violation");
}

TEST_F(PostgresProbeTest, ALengthBeyondAllMessagesIsNotWaitedFor) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(std::string("R\x7f\xff\xff\xff", 5));
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "connect startup:unexpected_first_byte");
}

TEST_F(PostgresProbeTest, AServerThatEndsAtTheStartup) {
  EXPECT_EQ(Steps(InClear([](Peer& peer) { peer.Fin(); })), "connect startup:closed_before_first_byte");
  EXPECT_EQ(Steps(InClear([](Peer& peer) { peer.Rst(); })), "connect startup:reset_before_first_byte");
}

TEST_F(PostgresProbeTest, NoticesBeforeTheAnswerChangeNothing) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(fake::Notice("maintenance at noon"));
    ServeTrusting(peer);
  });
  EXPECT_EQ(seen.outcome(), v1::NONE);
}

TEST_F(PostgresProbeTest, EndlessNoticesEnd) {
  const v1::Observation seen = InClear([](Peer& peer) {
    while (peer.Send(fake::Notice("again"))) {
    }
  });
  EXPECT_EQ(Steps(seen), "connect startup:protocol_violation");
}

TEST_F(PostgresProbeTest, AGigabyteOfLargeNoticesCostsLittle) {
  const v1::Observation seen = InClear([](Peer& peer) {
    const std::string large = fake::Message('N', std::string(200'000, 'x'));
    for (int64_t left = 1 << 30; left > 0 && peer.Send(large); left -= static_cast<int64_t>(large.size())) {
    }
  });
  EXPECT_EQ(Steps(seen), "connect startup:protocol_violation");
  EXPECT_LE(seen.connections(0).bytes_in(), 2'000'000U);
}

TEST_F(PostgresProbeTest, AServerThatDripsEndsAtTheDeadline) {
  run_.step_timeout_ms = kShortMs;
  const v1::Observation seen = InClear([](Peer& peer) {
    const std::string notice = fake::Notice("drip");
    for (size_t i = 0; peer.Send(notice.substr(i % notice.size(), 1)) && peer.Pause(10); ++i) {
    }
  });
  EXPECT_EQ(Steps(seen), "connect startup:timed_out");
  // Bytes came all the time: that is no silence, for all that we waited in vain.
  EXPECT_EQ(StepOf(seen, v1::STARTUP).end(), v1::UNFINISHED);
  EXPECT_EQ(seen.connections(0).end(), v1::UNFINISHED);
  EXPECT_GT(StepOf(seen, v1::STARTUP).bytes_in(), 0U);
}

// --- AUTHENTICATION

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

TEST_F(PostgresProbeTest, TooManyConnectionsAfterTheAuthentication) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(fake::Authentication(0) + fake::Error("53300", "remaining connection slots are reserved"));
  });
  EXPECT_EQ(Steps(seen), "connect startup authentication ready:server_error");
  EXPECT_EQ(StepOf(seen, v1::READY).server_error().code(), "53300");
  EXPECT_EQ(seen.outcome(), v1::SERVER_ERROR);
}

TEST_F(PostgresProbeTest, AServerThatNeverGetsReady) {
  run_.step_timeout_ms = kShortMs;
  EXPECT_EQ(Steps(InClear([](Peer& peer) {
              peer.Send(fake::Authentication(0));
              peer.AwaitEnd();
            })),
            "connect startup authentication ready:timed_out");
  run_.step_timeout_ms = 5'000;
  EXPECT_EQ(Steps(InClear([](Peer& peer) {
              std::string message = fake::Authentication(0);
              while (peer.Send(message)) message = fake::Parameter("server_version", "15.3");
            })),
            "connect startup authentication ready:protocol_violation");
}

TEST_F(PostgresProbeTest, AQueryThatTheServerCutsShortKeepsItsWords) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(fake::Authentication(0) + fake::Ready());
    fake::ReadTyped(peer);
    peer.Send(fake::Error("57P01", "terminating connection due to administrator command"));
  });
  EXPECT_EQ(Steps(seen), "connect startup authentication ready query:server_error");
  EXPECT_EQ(StepOf(seen, v1::QUERY).server_error().code(), "57P01");
  EXPECT_EQ(StepOf(seen, v1::QUERY).end(), v1::FIN_BY_PEER);
}

TEST_F(PostgresProbeTest, IdentityThatTheServerKeepsToItselfIsNoFailure) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(fake::Authentication(0) + fake::Ready());
    fake::ReadTyped(peer);
    peer.Send(fake::Row({"1"}) + fake::Complete() + fake::Ready());
    while (!fake::ReadTyped(peer).empty() && peer.Send(fake::Error("42501", "denied", "ERROR") + fake::Ready())) {
    }
  });
  EXPECT_EQ(seen.outcome(), v1::NONE);
  EXPECT_EQ(StepOf(seen, v1::QUERY).postgres().system_identifier(), "");
}

TEST_F(PostgresProbeTest, WhyIdentityWasKeptIsKept) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(fake::Authentication(0) + fake::Ready());
    fake::ReadTyped(peer);
    peer.Send(fake::Row({"1"}) + fake::Complete() + fake::Ready());
    fake::ReadTyped(peer);
    peer.Send(fake::Row({"10.0.4.172:5432", "10.0.8.50", "f"}) + fake::Complete() + fake::Ready());
    fake::ReadTyped(peer);
    peer.Send(fake::Error("42501", "denied", "ERROR") + fake::Ready());
    peer.AwaitEnd();
  });
  EXPECT_EQ(StepOf(seen, v1::QUERY, "identity").failure(), v1::NONE);
  EXPECT_EQ(StepOf(seen, v1::QUERY, "identity").server_error().code(), "42501");
  EXPECT_EQ(StepOf(seen, v1::QUERY, "identity").postgres().server_address(), "10.0.4.172:5432");
}

TEST_F(PostgresProbeTest, AnotherAnswerThanOneIsNoQueryThatRan) {
  const auto answered = [this](const std::string& answer, const std::string& query = "") {
    ScriptedServer server([&](Peer& peer) {
      fake::ReadUntyped(peer);
      peer.Send(fake::Authentication(0) + fake::Ready());
      fake::ReadTyped(peer);
      peer.Send(answer);
      peer.AwaitEnd();
    });
    v1::ProbeSpec spec = Spec(server.port(), v1::DISABLE);
    spec.mutable_postgres()->set_query(query);
    run_.step_timeout_ms = kShortMs;
    return Run(spec);
  };
  const std::string null = fake::Message('D', std::string("\x00\x01\xff\xff\xff\xff", 6));
  const std::string done = fake::Complete() + fake::Ready();
  for (const std::string& wrong :
       {fake::Row({"42"}) + done, done, fake::Row({"1"}) + fake::Row({"1"}) + done, null + done,
        fake::Row({"1", "1"}) + done, fake::Row({"1"}) + fake::Ready(), fake::Message('I', "") + fake::Ready()}) {
    const v1::Observation seen = answered(wrong);
    EXPECT_EQ(Steps(seen), "connect startup authentication ready query:protocol_violation");
    EXPECT_EQ(seen.outcome(), v1::PROTOCOL_VIOLATION);
    EXPECT_THAT(StepOf(seen, v1::QUERY).text(), Not(IsEmpty()));
  }
  EXPECT_THAT(StepOf(answered(fake::Row({"42"}) + done), v1::QUERY).text(), HasSubstr("42"));
  const v1::Observation late = answered(fake::Row({"1"}) + fake::Error("57014", "cancelled", "ERROR") + fake::Ready());
  EXPECT_EQ(Steps(late), "connect startup authentication ready query:server_error");
  EXPECT_EQ(StepOf(late, v1::QUERY).server_error().code(), "57014");
  // What a query of the user's own gives is not ours to judge, as long as it is a result.
  EXPECT_EQ(StepOf(answered(fake::Row({"42"}) + fake::Row({"43"}) + done, "SELECT x FROM t"), v1::QUERY).failure(),
            v1::NONE);
  EXPECT_EQ(StepOf(answered(done, "SET x = 1"), v1::QUERY).failure(), v1::NONE);
  EXPECT_EQ(StepOf(answered(fake::Row({"42"}) + fake::Ready(), "SELECT x FROM t"), v1::QUERY).failure(),
            v1::PROTOCOL_VIOLATION);
}

TEST_F(PostgresProbeTest, ARowThatIsNoRowIsAViolation) {
  const v1::Observation seen = InClear([](Peer& peer) {
    peer.Send(fake::Authentication(0) + fake::Ready());
    fake::ReadTyped(peer);
    peer.Send(fake::Message('D', std::string("\x00\x01\x7f\xff\xff\xff", 6)) + fake::Ready());
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(seen), "connect startup authentication ready query:protocol_violation");
}

// --- further questions

TEST_F(PostgresProbeTest, MatrixRowsNeverSendCredentials) {
  ScriptedServer server([](Peer& peer) {
    std::string first = fake::ReadUntyped(peer);
    if (first.size() == 8) {  // SSLRequest
      peer.Send("S");
      if (!peer.StartTls(Identity())) return;
      fake::ReadUntyped(peer);
    }
    peer.Send(fake::Authentication(3));
    if (!fake::ReadTyped(peer).empty()) ServeTrusting(peer);
  });
  v1::ProbeSpec spec = Spec(server.port(), v1::REQUIRE, /*with_password=*/true);
  spec.mutable_postgres()->set_ssl_mode_matrix(true);
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(Steps(seen),
            "connect ssl_request tls_handshake startup authentication ready query query[identity] "
            "connect[sslmode=disable] startup[sslmode=disable] "
            "connect[sslmode=allow] ssl_request[sslmode=allow] tls_handshake[sslmode=allow] startup[sslmode=allow] "
            "connect[sslmode=prefer] ssl_request[sslmode=prefer] tls_handshake[sslmode=prefer] startup[sslmode=prefer] "
            "connect[sslmode=verify-ca] ssl_request[sslmode=verify-ca] "
            "tls_handshake[sslmode=verify-ca]:tls_certificate "
            "connect[sslmode=verify-full] ssl_request[sslmode=verify-full] "
            "tls_handshake[sslmode=verify-full]:tls_certificate");
  EXPECT_EQ(seen.outcome(), v1::NONE) << "the main row's";
  const std::string received = server.received();
  const size_t first = received.find(kPassword);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(received.find(kPassword, first + 1), std::string::npos) << "sent once, by the main row";
}

TEST_F(PostgresProbeTest, TheSizeOfAMessageIsAskedInClearWithoutCredentials) {
  ScriptedServer server([](Peer& peer) {
    const std::string first = fake::ReadUntyped(peer);
    if (first.size() > 8) {
      peer.Send(fake::Authentication(3));
    } else {
      peer.Send("S");  // and then silence: the ClientHello is swallowed
    }
    peer.AwaitEnd();
  });
  run_.step_timeout_ms = kShortMs;
  v1::ProbeSpec spec = Spec(server.port(), v1::REQUIRE, /*with_password=*/true);
  spec.mutable_postgres()->set_message_size_check(true);
  spec.mutable_postgres()->set_padded_client_hello(true);
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(Steps(seen), "connect ssl_request tls_handshake:timed_out connect[message size] message_size[startup]");
  EXPECT_EQ(seen.outcome(), v1::TIMED_OUT);
  const v1::Step& hello = StepOf(seen, v1::TLS_HANDSHAKE);
  EXPECT_GT(hello.tls().client_hello_size(), 4096U);
  EXPECT_EQ(StepOf(seen, v1::MESSAGE_SIZE, "startup").message_size().size(), hello.tls().client_hello_size());
  EXPECT_EQ(StepOf(seen, v1::MESSAGE_SIZE, "startup").bytes_out(), hello.tls().client_hello_size());
  EXPECT_THAT(server.received(), Not(HasSubstr(kPassword)));
}

TEST_F(PostgresProbeTest, CancellationEndsIt) {
  ScriptedServer server([this](Peer& peer) {
    fake::ReadUntyped(peer);
    run_.cancel.Cancel();
    peer.AwaitEnd();
  });
  v1::ProbeSpec spec = Spec(server.port(), v1::REQUIRE);
  spec.mutable_postgres()->set_ssl_mode_matrix(true);
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(Steps(seen), "connect ssl_request:cancelled");
  EXPECT_EQ(seen.outcome(), v1::CANCELLED);
}

// Lets the client in, answers what it asks, and then holds still.
void LetInAndAnswer(Peer& peer) {
  fake::ReadUntyped(peer);
  peer.Send(fake::Authentication(0) + fake::Ready());
  for (int query = 0; query < 3; ++query) {
    fake::ReadTyped(peer);
    peer.Send(fake::Row({"1"}) + fake::Complete() + fake::Ready());
  }
}

TEST_F(PostgresProbeTest, AHeldSessionStaysOpenAndStretchesNoStep) {
  ScriptedServer server([](Peer& peer) {
    LetInAndAnswer(peer);
    peer.AwaitEnd();
  });
  v1::ProbeSpec spec = Spec(server.port(), v1::DISABLE);
  spec.mutable_postgres()->set_hold_ms(200);
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(Steps(seen), "connect startup authentication ready query query[identity]");
  EXPECT_EQ(seen.outcome(), v1::NONE);
  const v1::Step& last = StepOf(seen, v1::QUERY, "identity");
  EXPECT_GE(seen.connections(0).ended_ns() - last.start_ns() - last.duration_ns(), 200 * net::kMs);
  EXPECT_EQ(seen.connections(0).end(), v1::CLOSED_BY_US);
}

TEST_F(PostgresProbeTest, AServerThatEndsAHeldSessionAndACancellationEndTheHold) {
  ScriptedServer server([](Peer& peer) { LetInAndAnswer(peer); });
  v1::ProbeSpec spec = Spec(server.port(), v1::DISABLE);
  spec.mutable_postgres()->set_hold_ms(9'000);
  const v1::Observation ended = Run(spec);
  EXPECT_EQ(Steps(ended), "connect startup authentication ready query query[identity] query[held]:closed");
  EXPECT_EQ(ended.outcome(), v1::CLOSED) << "a pool would have lost this connection";
  EXPECT_EQ(ended.connections(0).end(), v1::FIN_BY_PEER);
  const v1::Step& held = StepOf(ended, v1::QUERY, "held");
  EXPECT_THAT(held.text(), MatchesRegex("the session was ended after [0-9.]+ s of 9 s idle"));
  EXPECT_EQ(held.end(), v1::FIN_BY_PEER);
  EXPECT_EQ(held.connection(), 1);
  EXPECT_GE(held.start_ns(), StepOf(ended, v1::QUERY, "identity").start_ns());
  ScriptedServer other([this](Peer& peer) {
    LetInAndAnswer(peer);
    run_.cancel.Cancel();
    peer.AwaitEnd();
  });
  spec.mutable_postgres()->mutable_endpoint()->set_port(other.port());
  const v1::Observation cancelled = Run(spec);
  EXPECT_EQ(cancelled.outcome(), v1::NONE) << "every question was answered";
  EXPECT_LT(cancelled.connections(0).ended_ns(), 5'000 * net::kMs);
}

TEST_F(PostgresProbeTest, TheLastWordOfAServerThatEndsAHeldSessionIsKept) {
  ScriptedServer server([](Peer& peer) {
    LetInAndAnswer(peer);
    peer.Send(fake::Notice("about to go") + fake::Error("57P05", "terminating connection due to idle-session timeout"));
    if (peer.number() > 0) peer.Rst();
  });
  v1::ProbeSpec spec = Spec(server.port(), v1::DISABLE);
  spec.mutable_postgres()->set_hold_ms(9'000);
  const v1::Observation timed = Run(spec);
  EXPECT_EQ(timed.outcome(), v1::CLOSED);
  const v1::Step& held = StepOf(timed, v1::QUERY, "held");
  EXPECT_THAT(held.text(), HasSubstr(" of 9 s idle: 57P05 terminating connection due to idle-session timeout"));
  EXPECT_EQ(held.server_error().code(), "57P05");
  EXPECT_EQ(Run(spec).outcome(), v1::RESET);
}

TEST_F(PostgresProbeTest, MetadataServicesAreNotDialled) {
  v1::ProbeSpec spec = Spec(5432, v1::REQUIRE);
  spec.mutable_postgres()->mutable_endpoint()->set_address("169.254.169.254");
  spec.mutable_postgres()->set_ssl_mode_matrix(true);
  spec.mutable_postgres()->set_message_size_check(true);
  const v1::Observation seen = Run(spec);
  EXPECT_EQ(Steps(seen), "connect:denied_by_policy");
  EXPECT_EQ(seen.connections_size(), 0);
}

TEST(ValidatePostgres, NamesTheField) {
  v1::ProbeSpec spec;
  spec.mutable_postgres();
  EXPECT_THAT(ValidatePostgres(spec).message(), HasSubstr("postgres.endpoint"));
  spec.mutable_postgres()->mutable_endpoint()->set_host("db");
  EXPECT_THAT(ValidatePostgres(spec).message(), HasSubstr("port 0"));
  spec.mutable_postgres()->mutable_endpoint()->set_port(5432);
  EXPECT_THAT(ValidatePostgres(spec).message(), HasSubstr("postgres.user"));
  spec.mutable_postgres()->set_user("app");
  EXPECT_TRUE(ValidatePostgres(spec).ok());
  spec.mutable_postgres()->set_database(std::string("a\0b", 3));
  EXPECT_FALSE(ValidatePostgres(spec).ok());
  spec.mutable_postgres()->set_database(std::string(2000, 'x'));
  EXPECT_FALSE(ValidatePostgres(spec).ok());
}

}  // namespace
}  // namespace parallax::probes
