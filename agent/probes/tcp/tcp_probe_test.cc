#include "agent/probes/tcp/tcp_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contract/limits.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"

namespace parallax::probes {
namespace {

using support::ClosedPort;
using support::Peer;
using support::ProbeRun;
using support::ScriptedServer;
using support::StepOf;
using support::Steps;
using ::testing::HasSubstr;
using ::testing::StartsWith;

v1::ProbeSpec Spec(uint16_t port, uint32_t listen_ms = 0, const std::string& send = "") {
  v1::ProbeSpec spec;
  spec.set_name("tcp");
  spec.mutable_tcp()->mutable_endpoint()->set_host("db.test");
  spec.mutable_tcp()->mutable_endpoint()->set_address("127.0.0.1");
  spec.mutable_tcp()->mutable_endpoint()->set_port(port);
  spec.mutable_tcp()->set_listen_ms(listen_ms);
  spec.mutable_tcp()->set_send(send);
  return spec;
}

v1::Observation Observe(const v1::ProbeSpec& spec) { return ProbeRun().Run(kTcpProbe, spec); }

TEST(TcpProbe, ConnectsAndClosesByItself) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  const v1::Observation seen = Observe(Spec(server.port()));
  EXPECT_EQ(Steps(seen), "connect");
  EXPECT_EQ(seen.outcome(), v1::NONE);
  EXPECT_EQ(seen.address(), "127.0.0.1");
  ASSERT_EQ(seen.connections_size(), 1);
  EXPECT_EQ(seen.connections(0).end(), v1::CLOSED_BY_US);
  EXPECT_THAT(seen.connections(0).local_address(), StartsWith("127.0.0.1:"));
  EXPECT_EQ(seen.connections(0).interface(), "lo");
}

TEST(TcpProbe, TheConnectStepIsTheConnectAlone) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  const v1::Observation seen = Observe(Spec(server.port()));
  const v1::Step& connect = seen.steps(0);
  // It begins when the socket is there, and is over before anything is asked of it.
  EXPECT_EQ(connect.start_ns(), seen.connections(0).opened_ns());
  EXPECT_GT(connect.duration_ns(), 0);
  EXPECT_LE(connect.start_ns() + connect.duration_ns(), seen.connections(0).ended_ns());

  const ClosedPort port;
  const v1::Observation refused = Observe(Spec(port.port()));
  EXPECT_EQ(refused.steps(0).start_ns() + refused.steps(0).duration_ns(), refused.connections(0).ended_ns());
}

TEST(TcpProbe, ARefusalIsAnAnswer) {
  const ClosedPort port;
  const v1::Observation seen = Observe(Spec(port.port(), 1000, "hello"));
  EXPECT_EQ(Steps(seen), "connect:refused");
  EXPECT_EQ(StepOf(seen, v1::CONNECT).end(), v1::NEVER_OPENED);
  EXPECT_NE(StepOf(seen, v1::CONNECT).os_error(), 0);
}

TEST(TcpProbe, AQuietPeerDidNothingWrong) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  const v1::Observation seen = Observe(Spec(server.port(), 50));
  EXPECT_EQ(Steps(seen), "connect listen_unasked");
  EXPECT_EQ(seen.outcome(), v1::NONE);
  EXPECT_EQ(StepOf(seen, v1::LISTEN_UNASKED).peer_bytes().size(), 0U);
}

TEST(TcpProbe, APeerThatGreetsIsHeard) {
  ScriptedServer server([](Peer& peer) {
    peer.Send("SSH-2.0-OpenSSH_9.2p1\r\n" + std::string(1000, 'x'));
    peer.AwaitEnd();
  });
  const v1::Observation seen = Observe(Spec(server.port(), 5'000));
  EXPECT_EQ(Steps(seen), "connect listen_unasked");
  const v1::PeerBytes& bytes = StepOf(seen, v1::LISTEN_UNASKED).peer_bytes();
  EXPECT_EQ(bytes.size(), 1023U);
  EXPECT_THAT(bytes.head(), StartsWith("SSH-2.0-OpenSSH"));
  EXPECT_EQ(bytes.head().size(), contract::kMaxHeadBytes);
}

TEST(TcpProbe, HowThePeerEndedItIsTold) {
  ScriptedServer fin([](Peer& peer) { peer.Fin(); });
  v1::Observation seen = Observe(Spec(fin.port(), 5'000, "never sent"));
  EXPECT_EQ(Steps(seen), "connect listen_unasked:closed_before_first_byte");
  EXPECT_EQ(StepOf(seen, v1::LISTEN_UNASKED).end(), v1::FIN_BY_PEER);
  EXPECT_EQ(seen.outcome(), v1::CLOSED_BEFORE_FIRST_BYTE);

  ScriptedServer rst([](Peer& peer) { peer.Rst(); });
  seen = Observe(Spec(rst.port(), 5'000));
  EXPECT_EQ(Steps(seen), "connect listen_unasked:reset_before_first_byte");
}

TEST(TcpProbe, AnAnswerIsDueToWhatIsSent) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadExactly(4);
    peer.Send("pong");
    peer.AwaitEnd();
  });
  const v1::Observation seen = Observe(Spec(server.port(), 0, "ping"));
  EXPECT_EQ(Steps(seen), "connect exchange");
  EXPECT_EQ(StepOf(seen, v1::EXCHANGE).peer_bytes().head(), "pong");
  EXPECT_EQ(StepOf(seen, v1::EXCHANGE).bytes_out(), 4U);
  EXPECT_EQ(StepOf(seen, v1::EXCHANGE).bytes_in(), 4U);
}

TEST(TcpProbe, NoAnswerIsSilence) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  ProbeRun run;
  run.step_timeout_ms = 80;
  const v1::Observation seen = run.Run(kTcpProbe, Spec(server.port(), 20, "ping"));
  EXPECT_EQ(Steps(seen), "connect listen_unasked exchange:timed_out");
  EXPECT_EQ(StepOf(seen, v1::EXCHANGE).end(), v1::SILENCE);
  EXPECT_EQ(seen.outcome(), v1::TIMED_OUT);
  EXPECT_EQ(seen.connections(0).end(), v1::SILENCE);
}

TEST(TcpProbe, AnExchangeThatThePeerCutsOff) {
  ScriptedServer fin([](Peer& peer) {
    peer.ReadExactly(4);
    peer.Fin();
  });
  EXPECT_EQ(Steps(Observe(Spec(fin.port(), 0, "ping"))), "connect exchange:closed_before_first_byte");
  ScriptedServer rst([](Peer& peer) {
    peer.ReadExactly(4);
    peer.Rst();
  });
  EXPECT_EQ(Steps(Observe(Spec(rst.port(), 0, "ping"))), "connect exchange:reset_before_first_byte");
}

TEST(TcpProbe, AFloodCostsOneRead) {
  ScriptedServer server([](Peer& peer) {
    const std::string much(1 << 20, 'x');
    while (peer.Send(much)) {
    }
  });
  const v1::Observation seen = Observe(Spec(server.port(), 5'000));
  EXPECT_EQ(Steps(seen), "connect listen_unasked");
  EXPECT_LE(seen.connections(0).bytes_in(), 4096U);
}

TEST(TcpProbe, APeerThatDoesNotReadCannotHoldUs) {
  ScriptedServer server([](Peer& peer) { peer.Pause(10'000); });
  ProbeRun run;
  run.step_timeout_ms = 80;
  const v1::Observation seen =
      run.Run(kTcpProbe, Spec(server.port(), 0, std::string(contract::kMaxBytesFromPeer, 'x')));
  EXPECT_EQ(Steps(seen), "connect exchange:timed_out");
}

TEST(TcpProbe, TheHttpLineGoesOverAFreshConnectionAndLeavesTheOutcome) {
  ScriptedServer server([](Peer& peer) {
    if (peer.number() == 1) {
      peer.ReadSome();
      peer.Send("HTTP/1.0 400 Bad Request\r\n\r\n");
    }
    peer.AwaitEnd();
  });
  v1::ProbeSpec spec = Spec(server.port(), 20);
  spec.mutable_tcp()->set_send_http_line(true);
  const v1::Observation seen = Observe(spec);
  EXPECT_EQ(Steps(seen), "connect listen_unasked connect[http] http_line");
  EXPECT_THAT(StepOf(seen, v1::HTTP_LINE).peer_bytes().head(), StartsWith("HTTP/1.0 400"));
  EXPECT_EQ(seen.connections_size(), 2);
  EXPECT_EQ(StepOf(seen, v1::HTTP_LINE).connection(), 2);

  ScriptedServer silent([](Peer& peer) { peer.AwaitEnd(); });
  ProbeRun run;
  run.step_timeout_ms = 80;
  spec.mutable_tcp()->mutable_endpoint()->set_port(silent.port());
  const v1::Observation unheard = run.Run(kTcpProbe, spec);
  EXPECT_EQ(Steps(unheard), "connect listen_unasked connect[http] http_line:timed_out");
  EXPECT_EQ(unheard.outcome(), v1::NONE);
}

TEST(TcpProbe, MetadataServicesAreNotDialled) {
  for (const char* address : {"169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"}) {
    v1::ProbeSpec spec = Spec(80, 1000, "GET / HTTP/1.0\r\n\r\n");
    spec.mutable_tcp()->mutable_endpoint()->set_address(address);
    spec.mutable_tcp()->set_send_http_line(true);
    const v1::Observation seen = Observe(spec);
    EXPECT_EQ(Steps(seen), "connect:denied_by_policy") << address;
    EXPECT_EQ(seen.connections_size(), 0) << "no packet left";
    EXPECT_EQ(seen.outcome(), v1::DENIED_BY_POLICY);
    EXPECT_THAT(StepOf(seen, v1::CONNECT).text(), HasSubstr("metadata"));
  }
}

TEST(TcpProbe, ConnectToCannotLeadToAMetadataService) {
  v1::ProbeSpec spec = Spec(5432);
  ProbeRun run;
  v1::ConnectTo* entry = &run.connect_to.emplace_back();
  entry->set_host("db.test");
  entry->set_port(5432);
  entry->set_to_host("169.254.169.254");
  entry->set_to_port(80);
  const v1::Observation seen = run.Run(kTcpProbe, spec);
  EXPECT_EQ(Steps(seen), "connect:denied_by_policy");
  EXPECT_EQ(seen.connections_size(), 0);
}

TEST(TcpProbe, ConnectToSendsItElsewhereByNameOrByAddress) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  for (const char* matched : {"db.test", "10.255.255.1"}) {
    v1::ProbeSpec spec = Spec(5432);
    spec.mutable_tcp()->mutable_endpoint()->set_address("10.255.255.1");
    ProbeRun run;
    v1::ConnectTo* entry = &run.connect_to.emplace_back();
    entry->set_host(matched);
    entry->set_port(5432);
    entry->set_to_host("127.0.0.1");
    entry->set_to_port(server.port());
    const v1::Observation seen = run.Run(kTcpProbe, spec);
    EXPECT_EQ(Steps(seen), "connect") << matched;
    EXPECT_TRUE(seen.via_connect_to());
    EXPECT_EQ(seen.address(), "127.0.0.1");
  }
}

TEST(TcpProbe, ConnectToOfAnotherPortDoesNotApply) {
  const ClosedPort port;
  ProbeRun run;
  v1::ConnectTo* entry = &run.connect_to.emplace_back();
  entry->set_host("db.test");
  entry->set_port(port.port() == 65535 ? 1 : port.port() + 1U);
  entry->set_to_host("169.254.169.254");
  entry->set_to_port(80);
  const v1::Observation seen = run.Run(kTcpProbe, Spec(port.port()));
  EXPECT_EQ(Steps(seen), "connect:refused");
  EXPECT_FALSE(seen.via_connect_to());
}

TEST(TcpProbe, ANameIsResolvedFirst) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  v1::ProbeSpec spec = Spec(server.port());
  spec.mutable_tcp()->mutable_endpoint()->set_host("localhost");
  spec.mutable_tcp()->mutable_endpoint()->clear_address();
  const v1::Observation seen = Observe(spec);
  EXPECT_THAT(Steps(seen), StartsWith("resolve[system] connect"));
  EXPECT_EQ(StepOf(seen, v1::RESOLVE, "system").resolve().name(), "localhost");

  spec.mutable_tcp()->mutable_endpoint()->set_host(std::string(10'000, 'a'));
  EXPECT_EQ(Steps(Observe(spec)), "resolve[system]:name_not_found");
}

TEST(TcpProbe, CancelledBeforeItBeganItEndsAtOnce) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  ProbeRun run;
  run.cancel.Cancel();
  const v1::Observation seen = run.Run(kTcpProbe, Spec(server.port(), 60'000));
  EXPECT_EQ(seen.outcome(), v1::CANCELLED);
}

TEST(ValidateTcp, NamesTheFieldAndTheBound) {
  EXPECT_THAT(ValidateTcp(Spec(80, 60'001)).message(), HasSubstr("tcp.listen_ms"));
  EXPECT_THAT(ValidateTcp(Spec(80, 0, std::string(contract::kMaxBytesFromPeer + 1, 'x'))).message(),
              HasSubstr("tcp.send"));
  v1::ProbeSpec spec = Spec(80);
  spec.mutable_tcp()->mutable_endpoint()->set_port(70'000);
  EXPECT_THAT(ValidateTcp(spec).message(), HasSubstr("port 70000"));
  spec = Spec(80);
  spec.mutable_tcp()->mutable_endpoint()->set_address("not-an-address");
  EXPECT_THAT(ValidateTcp(spec).message(), HasSubstr("numeric"));
}

}  // namespace
}  // namespace parallax::probes
