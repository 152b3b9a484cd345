// The postgres probe once it is let in: queries, held sessions, the matrix.
#include "agent/probes/postgres/postgres_probe_for_test.h"

namespace parallax::probes {
namespace {

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
