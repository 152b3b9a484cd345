// The http probe over TLS.
#include "agent/probes/http/http_probe_for_test.h"

namespace parallax::probes {
namespace {

class HttpsProbeTest : public HttpProbeTest {
 protected:
  void SetUp() override {
    HttpProbeTest::SetUp();
    http().set_tls(true);
    http().set_verify(true);
    http().set_ssl_root_cert(roots_.path());
  }
  // The script keeps the identity that it shows.
  using SharedIdentity = std::shared_ptr<TlsIdentity>;
  static SharedIdentity Identity(const support::CertificateSpec& spec) { return std::make_shared<TlsIdentity>(spec); }
  static ScriptedServer::Script OverTls(const SharedIdentity& identity) {
    return [identity](Peer& peer) {
      if (!peer.StartTls(*identity)) return;
      ReadRequest(peer);
      peer.Send(Answer("ok"));
      peer.AwaitEnd();
    };
  }

  const SharedIdentity identity_ = Identity({"app.test", {"app.test"}, {}});
  const support::TempFile roots_{identity_->certificate_pem()};
};

TEST_F(HttpsProbeTest, TheCertificateIsShownAndVerified) {
  const v1::Observation seen = Probe(OverTls(identity_));
  EXPECT_EQ(Steps(seen), "connect tls_handshake request body expectation[status]");
  const v1::TlsDetails& tls = StepOf(seen, v1::TLS_HANDSHAKE).tls();
  EXPECT_EQ(tls.version(), "TLSv1.3");
  EXPECT_THAT(tls.cipher(), HasSubstr("TLS_"));
  EXPECT_EQ(tls.sni(), "app.test");
  ASSERT_EQ(tls.chain_size(), 1);
  EXPECT_EQ(tls.chain(0).subject(), "CN=app.test");
  EXPECT_EQ(tls.chain(0).sha256(), absl::BytesToHexString(identity_->sha256()));
  EXPECT_TRUE(tls.trusted());
  EXPECT_TRUE(tls.name_matches());
  EXPECT_TRUE(tls.within_dates());
  EXPECT_EQ(tls.verify_error(), "");
}

TEST_F(HttpsProbeTest, NothingIsSentToAServerThatDoesNotVerify) {
  GiveToken();
  const SharedIdentity stranger = Identity({"app.test", {"app.test"}, {}});
  const v1::Observation untrusted = Probe(OverTls(stranger));
  EXPECT_EQ(Steps(untrusted), "connect tls_handshake:tls_certificate");
  EXPECT_EQ(StepOf(untrusted, v1::TLS_HANDSHAKE).tls().chain(0).sha256(), absl::BytesToHexString(stranger->sha256()));
  EXPECT_FALSE(StepOf(untrusted, v1::TLS_HANDSHAKE).tls().trusted());
  EXPECT_GT(StepOf(untrusted, v1::TLS_HANDSHAKE).bytes_in(), 0U) << "the server was heard";
  EXPECT_EQ(server_->received(), "");

  http().mutable_endpoint()->set_host("other.test");
  const v1::Observation misnamed = Probe(OverTls(identity_));
  EXPECT_EQ(Steps(misnamed), "connect tls_handshake:tls_certificate");
  EXPECT_TRUE(StepOf(misnamed, v1::TLS_HANDSHAKE).tls().trusted());
  EXPECT_FALSE(StepOf(misnamed, v1::TLS_HANDSHAKE).tls().name_matches());
  EXPECT_EQ(server_->received(), "");

  http().mutable_endpoint()->set_host("app.test");
  const SharedIdentity old = Identity({"app.test", {"app.test"}, {}, -7200, -3600});
  const support::TempFile old_root(old->certificate_pem());
  http().set_ssl_root_cert(old_root.path());
  const v1::Observation expired = Probe(OverTls(old));
  EXPECT_EQ(Steps(expired), "connect tls_handshake:tls_certificate");
  EXPECT_FALSE(StepOf(expired, v1::TLS_HANDSHAKE).tls().within_dates());
  EXPECT_EQ(server_->received(), "");
}

TEST_F(HttpsProbeTest, WithoutVerificationFactsAreRecordedAllTheSame) {
  http().set_verify(false);
  const SharedIdentity stranger = Identity({"other.test", {"other.test"}, {}});
  const v1::Observation seen = Probe(OverTls(stranger));
  EXPECT_EQ(Steps(seen), "connect tls_handshake request body expectation[status]");
  EXPECT_NE(StepOf(seen, v1::TLS_HANDSHAKE).tls().verify_error(), "");
}

TEST_F(HttpsProbeTest, EachWayToHaveNoTlsIsItsOwnFailure) {
  const auto hello_then = [](const std::function<void(Peer&)>& then) {
    return [then](Peer& peer) {
      peer.ReadSome();
      then(peer);
    };
  };
  EXPECT_EQ(Steps(Probe(hello_then([](Peer& peer) { peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n"); }))),
            "connect tls_handshake:tls_protocol");
  EXPECT_EQ(Steps(Probe(hello_then([](Peer&) {}))), "connect tls_handshake:closed_before_first_byte");
  EXPECT_EQ(Steps(Probe(hello_then([](Peer& peer) { peer.Rst(); }))), "connect tls_handshake:reset_before_first_byte");
  const SharedIdentity picky = Identity({"app.test", {"app.test"}, {}});
  picky->no_shared_cipher = true;
  const v1::Observation alert = Probe(OverTls(picky));
  EXPECT_EQ(Steps(alert), "connect tls_handshake:tls_alert");
  EXPECT_EQ(StepOf(alert, v1::TLS_HANDSHAKE).tls().alert(), "handshake failure");
  const SharedIdentity mutual = Identity({"app.test", {"app.test"}, {}});
  mutual->wants_client_certificate = true;
  const support::TempFile mutual_root(mutual->certificate_pem());
  http().set_ssl_root_cert(mutual_root.path());
  const v1::Observation uncertified = Probe([mutual](Peer& peer) {
    if (!peer.StartTls(*mutual)) peer.AwaitEnd();
  });
  EXPECT_EQ(Steps(uncertified), "connect tls_handshake request:tls_alert");
  EXPECT_EQ(StepOf(uncertified, v1::REQUEST).tls().alert(), "certificate required");
  EXPECT_EQ(StepOf(uncertified, v1::REQUEST).text(), "the server sent the alert: certificate required");
  run_.step_timeout_ms = 300;
  EXPECT_EQ(Steps(Probe(hello_then([](Peer& peer) { peer.AwaitEnd(); }))), "connect tls_handshake:timed_out");
  run_.step_timeout_ms = 2000;
  http().set_ssl_root_cert("/nowhere/roots.pem");
  const v1::Observation no_roots = Probe(OverTls(identity_));
  EXPECT_EQ(Steps(no_roots), "connect tls_handshake:local_resource");
  EXPECT_THAT(StepOf(no_roots, v1::TLS_HANDSHAKE).text(), HasSubstr("/nowhere/roots.pem"));
}

}  // namespace
}  // namespace parallax::probes
