// An agent that listens with TLS.
#include "agent/session/listen_carrier_for_test.h"

namespace parallax::session {
namespace {

class TlsListenTest : public ListenCarrierTest {
 protected:
  static support::CertificateSpec Spec(const std::string& name) {
    support::CertificateSpec spec;
    spec.common_name = name;
    spec.dns_names = {name};
    return spec;
  }
  void UseTls(bool mutual) {
    options_.tls_cert = agent_cert_.path();
    options_.tls_key = agent_key_.path();
    options_.reload_seconds = 1;
    if (mutual) {
      options_.tls_client_ca = controller_cert_.path();
      options_.token = check_.token = "";
    }
    check_.tls_ca = agent_cert_.path();
    check_.tls_name = "agent.test";
  }
  void ShowCertificate() {
    check_.tls_cert = controller_cert_.path();
    check_.tls_key = controller_key_.path();
  }

  const TlsIdentity agent_{Spec("agent.test")};
  const TlsIdentity controller_{Spec("controller.test")};
  const TempFile agent_cert_{agent_.certificate_pem()};
  const TempFile agent_key_{agent_.key_pem()};
  const TempFile controller_cert_{controller_.certificate_pem()};
  const TempFile controller_key_{controller_.key_pem()};
};

TEST_F(TlsListenTest, TheAgentShowsItsCertificate) {
  UseTls(false);
  Serve();
  EXPECT_TRUE(Check().ok()) << Check();
  check_.tls_name = "another.test";
  EXPECT_THAT(Message(Check()), AllOf(HasSubstr("Hostname Verification"), HasSubstr("--tls-name")));
  check_.tls_name = "agent.test";
  check_.tls_ca = controller_cert_.path();
  EXPECT_THAT(Message(Check()), AllOf(HasSubstr("certificate verify failed"), HasSubstr("--tls-ca")));
  check_ = {};
  check_.token = kToken;
  EXPECT_THAT(Message(Check()), HasSubstr("with --tls-ca FILE")) << "plaintext";
  check_.token = std::string(40, 'o');
  check_.tls_ca = agent_cert_.path();
  check_.tls_name = "agent.test";
  EXPECT_THAT(Message(Check()), HasSubstr("does not let us in")) << "its certificate says nothing of who we are";
}

TEST_F(TlsListenTest, WithClientAuthoritiesTheControllerMustShowOneToo) {
  UseTls(true);
  Serve();
  EXPECT_THAT(Message(Check()), HasSubstr("wants a certificate of ours"));
  ShowCertificate();
  EXPECT_TRUE(Check().ok()) << Check();
  check_.tls_cert = agent_cert_.path();
  check_.tls_key = agent_key_.path();
  EXPECT_THAT(Message(Check()), HasSubstr("may not accept"));
}

TEST_F(TlsListenTest, WithoutAuthoritiesThoseOfTheSystemCount) {
  UseTls(false);
  Serve();
  check_.tls_ca = "";
  EXPECT_THAT(Message(Check()), HasSubstr("certificate verify failed"))
      << "TLS is spoken, and no system knows this one";
  ShowCertificate();
  EXPECT_THAT(Message(Check()), HasSubstr("certificate verify failed"));
}

TEST_F(TlsListenTest, RenewedFilesAreTakenUpWhileServing) {
  UseTls(false);
  Serve();
  ASSERT_TRUE(Check().ok());
  std::ofstream(agent_key_.path()) << controller_.key_pem();
  std::ofstream(agent_cert_.path()) << controller_.certificate_pem();
  check_.tls_ca = controller_cert_.path();
  check_.tls_name = "controller.test";
  const auto bound = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!Check().ok() && std::chrono::steady_clock::now() < bound) {
  }
  EXPECT_TRUE(Check().ok());
}

TEST_F(TlsListenTest, FilesThatDoNotFitAreUsageErrors) {
  const auto serve = [&] { return ServeListen(*session_, options_, stop_[0]); };
  options_.tls_cert = agent_cert_.path();
  EXPECT_THAT(Message(serve()), HasSubstr("--tls-key"));
  options_.tls_key = controller_key_.path();
  EXPECT_THAT(Message(serve()), AllOf(HasSubstr(controller_key_.path()), HasSubstr(agent_cert_.path())));
  options_.tls_key = agent_cert_.path();
  EXPECT_THAT(Message(serve()), HasSubstr("no private key"));
  options_.tls_key = "/";
  EXPECT_THAT(Message(serve()), HasSubstr("it is a directory"));
  options_.tls_key = "/nowhere/key.pem";
  EXPECT_EQ(serve().code(), absl::StatusCode::kNotFound);
  options_.tls_key = agent_key_.path();
  options_.tls_client_ca = agent_key_.path();
  EXPECT_THAT(Message(serve()), HasSubstr("no certificate"));
  options_.tls_cert = options_.tls_key = "";
  EXPECT_THAT(Message(serve()), HasSubstr("--tls-client-ca"));
  address_ = "127.0.0.1:7411";
  check_.tls_cert = agent_cert_.path();
  EXPECT_THAT(Message(Check()), HasSubstr("--tls-key"));
}

}  // namespace
}  // namespace parallax::session
