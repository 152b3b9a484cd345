// The listen carrier over real sockets, with controllers that a test plays, and the health check against it.
#include "agent/session/listen_carrier.h"

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <future>
#include <thread>

#include "agent/session/health_check.h"
#include "agent/session/listen_address.h"
#include "contract/limits.h"
#include "parallax/v1/session.grpc.pb.h"
#include "tests/support/fake_probes.h"
#include "tests/support/scripted_server.h"
#include "tests/support/tls_identity.h"

namespace parallax::session {
namespace {

using support::FakeProbes;
using support::FakeTime;
using support::PlanOf;
using support::TempFile;
using support::Theatre;
using support::TlsIdentity;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// The controller's end of one session.
class Controller {
 public:
  explicit Controller(const std::string& address)
      : stub_(v1::Agent::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    stream_ = stub_->Session(&context_);
  }
  ~Controller() { context_.TryCancel(); }

  // The agent's next message; an empty one at the end.
  v1::AgentMessage Receive() {
    v1::AgentMessage message;
    if (!stream_->Read(&message)) message.Clear();
    return message;
  }
  void Send(const v1::ControllerMessage& message) { stream_->Write(message); }
  // Hello and Welcome.
  void Begin() {
    EXPECT_EQ(Receive().hello().agent_id(), "me");
    v1::ControllerMessage message;
    message.mutable_welcome()->set_protocol(contract::kProtocolVersion);
    Send(message);
  }
  void Assign(uint64_t id, const std::vector<std::string>& acts) {
    v1::ControllerMessage message;
    message.mutable_assignment()->set_id(id);
    message.mutable_assignment()->set_plan(PlanOf(acts).SerializeAsString());
    Send(message);
  }
  // Assigns nothing, again and again, until an assignment is refused; "" when none is within 30 s.
  std::string AwaitRefusal() {
    for (uint64_t id = 1;; ++id) {
      Assign(id, {});
      const v1::AgentMessage answer = Receive();
      if (!answer.has_done() || !answer.done().error().empty()) return answer.done().error();
    }
  }
  grpc::Status Finish() { return stream_->Finish(); }

 private:
  std::unique_ptr<v1::Agent::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ControllerMessage, v1::AgentMessage>> stream_;
};

class ListenCarrierTest : public ::testing::Test {
 protected:
  ListenCarrierTest() {
    options_.address = "127.0.0.1:0";
    EXPECT_EQ(pipe(stop_), 0);
    v1::Hello hello;
    hello.set_protocol(contract::kProtocolVersion);
    hello.set_agent_id("me");
    session_ = std::make_unique<AgentSession>(runner_, time_, hello);
  }
  ~ListenCarrierTest() override {
    theatre_.Open();
    if (serving_.valid()) {
      AskToEnd();
      serving_.wait();
    }
    for (const int fd : stop_) close(fd);
  }

  // Serves on a thread; gives the address once it listens.
  std::string Serve() {
    std::promise<std::string> listening;
    options_.on_listening = [&](const std::string& address) { listening.set_value(address); };
    serving_ = std::async(std::launch::async, [this] { return ServeListen(*session_, options_, stop_[0]); });
    address_ = listening.get_future().get();
    return address_;
  }
  void AskToEnd() { EXPECT_EQ(write(stop_[1], "x", 1), 1); }
  absl::Status Served() { return serving_.get(); }
  absl::Status Check() {
    HealthCheckOptions check = check_;
    check.address = address_;
    return CheckHealth(check);
  }

  FakeTime time_;
  Theatre theatre_;
  policy::Policy policy_;
  runner::Runner runner_{time_, policy_, FakeProbes(), 1, time_};
  std::unique_ptr<AgentSession> session_;
  ListenOptions options_;
  HealthCheckOptions check_;
  std::string address_;
  int stop_[2] = {-1, -1};
  std::future<absl::Status> serving_;
};

TEST_F(ListenCarrierTest, ServesSeveralControllersAtOnce) {
  const std::string address = Serve();
  Controller first(address);
  Controller second(address);
  first.Begin();
  second.Begin();
  first.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  second.Assign(1, {"refused"});
  EXPECT_EQ(second.Receive().observation().observation().outcome(), v1::REFUSED);
  EXPECT_EQ(second.Receive().done().observations(), 1U);
  theatre_.Open();
  EXPECT_EQ(first.Receive().observation().observation().outcome(), v1::NONE);
  EXPECT_EQ(first.Receive().done().observations(), 1U);
}

TEST_F(ListenCarrierTest, OneSessionTooManyIsToldSoAndTheAgentIsStillWell) {
  options_.max_sessions = 2;
  const std::string address = Serve();
  Controller first(address);
  first.Begin();
  Controller second(address);
  second.Begin();
  Controller third(address);
  EXPECT_FALSE(third.Receive().has_hello());
  const grpc::Status refused = third.Finish();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("at most 2 sessions"));
  EXPECT_TRUE(Check().ok());
}

TEST_F(ListenCarrierTest, AskedToEndItFinishesWhatRunsAndBeginsNothing) {
  const std::string address = Serve();
  Controller working(address);
  Controller idle(address);
  working.Begin();
  idle.Begin();
  working.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  AskToEnd();
  // Whether it drains yet is seen from outside.
  EXPECT_THAT(idle.AwaitRefusal(), HasSubstr("asked to end"));
  Controller late(address);
  EXPECT_FALSE(late.Receive().has_hello());
  EXPECT_THAT(late.Finish().error_message(), HasSubstr("asked to end"));
  EXPECT_THAT(Message(Check()), HasSubstr("asked to end"));

  theatre_.Open();
  EXPECT_EQ(working.Receive().observation().observation().outcome(), v1::NONE);
  EXPECT_EQ(working.Receive().done().observations(), 1U);
  EXPECT_TRUE(Served().ok());
}

TEST_F(ListenCarrierTest, IdleSessionsDoNotHoldUpTheEnd) {
  Controller idle(Serve());
  idle.Begin();
  AskToEnd();
  EXPECT_TRUE(Served().ok());
}

TEST_F(ListenCarrierTest, AskedTwiceItEndsAtOnce) {
  Controller working(Serve());
  Controller idle(address_);
  working.Begin();
  idle.Begin();
  working.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  AskToEnd();
  // The first has been taken once assignments are refused; a pipe would give both as one.
  EXPECT_THAT(idle.AwaitRefusal(), HasSubstr("asked to end"));
  AskToEnd();
  const absl::Status served = Served();
  EXPECT_EQ(served.code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(Message(served), HasSubstr("twice"));
}

TEST_F(ListenCarrierTest, WhatRunsTooLongIsCutOff) {
  options_.drain_ms = 50;
  Controller working(Serve());
  working.Begin();
  working.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  AskToEnd();
  const absl::Status served = Served();
  EXPECT_EQ(served.code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(Message(served), HasSubstr("took too long"));
}

TEST_F(ListenCarrierTest, AnAddressThatOthersCanReachIsRefused) {
  for (const char* address : {"0.0.0.0:7411", "[::]:7411", "10.0.0.1:7411", "192.0.2.1:0", ":7411"}) {
    options_.address = address;
    const absl::Status served = ServeListen(*session_, options_, stop_[0]);
    EXPECT_EQ(served.code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(Message(served), AllOf(HasSubstr("no policy yet"), HasSubstr("ssh -L"))) << address;
  }
  for (const char* address : {"", "7411", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "agent:7411"}) {
    EXPECT_EQ(ParseListenAddress(address).status().code(), absl::StatusCode::kInvalidArgument) << address;
  }
  EXPECT_EQ(ParseListenAddress("localhost:7411")->Text(), "127.0.0.1:7411");
  EXPECT_EQ(ParseListenAddress("[::1]:0")->Text(), "[::1]:0");
  EXPECT_EQ(ParseListenAddress("127.8.9.10:65535")->Text(), "127.8.9.10:65535");
}

TEST_F(ListenCarrierTest, APortThatIsTakenIsNotShared) {
  options_.address = Serve();
  const absl::Status second = ServeListen(*session_, options_, stop_[0]);
  EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(second), AllOf(HasSubstr("Address already in use"), HasSubstr("--listen")));
}

TEST_F(ListenCarrierTest, NobodyThereOrSomebodyElseIsNotHealthy) {
  const support::ClosedPort closed;
  address_ = "127.0.0.1:" + std::to_string(closed.port());
  EXPECT_THAT(Message(Check()),
              AllOf(HasSubstr(address_), HasSubstr("Connection refused"), HasSubstr("parallax-agent serve")));
  support::ScriptedServer web([](support::Peer& peer) {
    peer.ReadSome();
    peer.Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    peer.AwaitEnd();
  });
  address_ = "127.0.0.1:" + std::to_string(web.port());
  EXPECT_EQ(Check().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(Check()), HasSubstr("web server"));
  support::ScriptedServer mute([](support::Peer& peer) { peer.AwaitEnd(); });
  address_ = "127.0.0.1:" + std::to_string(mute.port());
  check_.timeout_ms = 200;
  EXPECT_THAT(Message(Check()), HasSubstr("within 200 ms"));
}

TEST_F(ListenCarrierTest, WhatIsNoAddressOfAnAgentIsAUsageError) {
  for (const char* address : {"", "7411", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
                              ":7411", "unix:/run/agent:7411", "a host:7411"}) {
    address_ = address;
    EXPECT_EQ(Check().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(Message(Check()), HasSubstr("ADDRESS:PORT")) << address;
  }
  EXPECT_EQ(ParseServedAddress("localhost:7411")->Text(), "localhost:7411") << "a certificate may bear the name";
  EXPECT_EQ(ParseServedAddress("[2001:db8::1]:7411")->Text(), "[2001:db8::1]:7411");
}

TEST_F(ListenCarrierTest, TlsToAnAgentThatSpeaksNoneIsToldSo) {
  Serve();
  check_.tls_name = "agent.test";
  EXPECT_THAT(Message(Check()), HasSubstr("no TLS is spoken there"));
}

// --- TLS

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
    if (mutual) options_.tls_client_ca = controller_cert_.path();
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
  EXPECT_THAT(Message(Check()), HasSubstr("with --tls-ca FILE")) << "plaintext";
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
  address_ = kDefaultListen;
  check_.tls_cert = agent_cert_.path();
  EXPECT_THAT(Message(Check()), HasSubstr("--tls-key"));
}

}  // namespace
}  // namespace parallax::session
