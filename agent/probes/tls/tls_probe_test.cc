#include "agent/probes/tls/tls_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using support::TlsIdentity;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TlsIdentity& Identity() {
  static const TlsIdentity& identity = *new TlsIdentity({"db.test", {"db.test"}, {"127.0.0.1"}});
  return identity;
}

v1::ProbeSpec Spec(uint16_t port) {
  v1::ProbeSpec spec;
  spec.set_name("tls");
  spec.mutable_tls()->mutable_endpoint()->set_host("db.test");
  spec.mutable_tls()->mutable_endpoint()->set_address("127.0.0.1");
  spec.mutable_tls()->mutable_endpoint()->set_port(port);
  return spec;
}

void Serve(Peer& peer) {
  if (peer.StartTls(Identity())) peer.AwaitEnd();
}

TEST(TlsProbe, RecordsTheCertificateWhateverVerificationSays) {
  ScriptedServer server(&Serve);
  const v1::Observation seen = ProbeRun().Run(kTlsProbe, Spec(server.port()));
  EXPECT_EQ(Steps(seen), "connect tls_handshake");
  const v1::TlsDetails& tls = StepOf(seen, v1::TLS_HANDSHAKE).tls();
  EXPECT_EQ(tls.version(), "TLSv1.3");
  EXPECT_EQ(tls.sni(), "db.test");
  EXPECT_FALSE(tls.trusted());
  EXPECT_TRUE(tls.name_matches());
  EXPECT_TRUE(tls.within_dates());
  ASSERT_EQ(tls.chain_size(), 1);
  EXPECT_THAT(tls.chain(0).dns_names(), ElementsAre("db.test"));
  EXPECT_GT(StepOf(seen, v1::TLS_HANDSHAKE).bytes_in(), 0U);
}

TEST(TlsProbe, AVerificationThatWasAskedForFails) {
  ScriptedServer server(&Serve);
  v1::ProbeSpec spec = Spec(server.port());
  spec.mutable_tls()->set_verify(true);
  const v1::Observation seen = ProbeRun().Run(kTlsProbe, spec);
  EXPECT_EQ(Steps(seen), "connect tls_handshake:tls_certificate");
  EXPECT_EQ(StepOf(seen, v1::TLS_HANDSHAKE).tls().chain_size(), 1);
}

TEST(TlsProbe, ThePaddedClientHelloIsLargerThanAPacketAndGoesOverAFreshConnection) {
  ScriptedServer server(&Serve);
  v1::ProbeSpec spec = Spec(server.port());
  spec.mutable_tls()->set_padded(true);
  const v1::Observation seen = ProbeRun().Run(kTlsProbe, spec);
  EXPECT_EQ(Steps(seen), "connect tls_handshake connect[padded] tls_handshake[padded]");
  EXPECT_LT(StepOf(seen, v1::TLS_HANDSHAKE).tls().client_hello_size(), 1400U);
  EXPECT_GT(StepOf(seen, v1::TLS_HANDSHAKE, "padded").tls().client_hello_size(), 4096U);
  EXPECT_EQ(server.accepted(), 2);
}

TEST(TlsProbe, ALargeHelloThatIsSwallowedIsTheOutcome) {
  ScriptedServer server([](Peer& peer) {
    if (peer.number() == 0) return Serve(peer);
    peer.AwaitEnd();
  });
  v1::ProbeSpec spec = Spec(server.port());
  spec.mutable_tls()->set_padded(true);
  ProbeRun run;
  run.step_timeout_ms = 300;
  const v1::Observation seen = run.Run(kTlsProbe, spec);
  EXPECT_EQ(Steps(seen), "connect tls_handshake connect[padded] tls_handshake[padded]:timed_out");
  EXPECT_EQ(seen.outcome(), v1::TIMED_OUT);
  EXPECT_EQ(StepOf(seen, v1::TLS_HANDSHAKE, "padded").end(), v1::SILENCE);
}

TEST(TlsProbe, OtherEndsOfTheHandshake) {
  ScriptedServer garbage([](Peer& peer) {
    peer.ReadSome();
    peer.Send("220 mail.test ESMTP\r\n");
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(ProbeRun().Run(kTlsProbe, Spec(garbage.port()))), "connect tls_handshake:tls_protocol");
  ScriptedServer reset([](Peer& peer) {
    peer.ReadSome();
    peer.Rst();
  });
  EXPECT_EQ(Steps(ProbeRun().Run(kTlsProbe, Spec(reset.port()))), "connect tls_handshake:reset_before_first_byte");
  ScriptedServer closed([](Peer& peer) {
    peer.ReadSome();
    peer.Fin();
    peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(ProbeRun().Run(kTlsProbe, Spec(closed.port()))), "connect tls_handshake:closed_before_first_byte");
  const ClosedPort port;
  EXPECT_EQ(Steps(ProbeRun().Run(kTlsProbe, Spec(port.port()))), "connect:refused");
}

TEST(TlsProbe, AnAddressAsTheHostIsCheckedAndIsNoSni) {
  ScriptedServer server(&Serve);
  v1::ProbeSpec spec = Spec(server.port());
  spec.mutable_tls()->mutable_endpoint()->set_host("127.0.0.1");
  const v1::Observation seen = ProbeRun().Run(kTlsProbe, spec);
  EXPECT_EQ(StepOf(seen, v1::TLS_HANDSHAKE).tls().sni(), "");
  EXPECT_TRUE(StepOf(seen, v1::TLS_HANDSHAKE).tls().name_matches());
}

TEST(TlsProbe, MetadataServicesAreNotDialled) {
  v1::ProbeSpec spec = Spec(443);
  spec.mutable_tls()->mutable_endpoint()->set_address("169.254.169.254");
  spec.mutable_tls()->set_padded(true);
  const v1::Observation seen = ProbeRun().Run(kTlsProbe, spec);
  EXPECT_THAT(Steps(seen), HasSubstr("connect:denied_by_policy"));
  EXPECT_EQ(seen.connections_size(), 0);
  EXPECT_EQ(seen.outcome(), v1::DENIED_BY_POLICY);
}

}  // namespace
}  // namespace parallax::probes
