// The postgres probe up to the server's answer to the startup.
#include "agent/probes/postgres/postgres_probe_for_test.h"

namespace parallax::probes {
namespace {

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

}  // namespace
}  // namespace parallax::probes
