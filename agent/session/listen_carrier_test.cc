// The listen carrier over real sockets, with controllers that a test plays, and the health check against it.
#include "agent/session/listen_carrier.h"

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <thread>

#include "agent/session/health_check.h"
#include "agent/session/listen_address.h"
#include "contract/agent_token.h"
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
using ::testing::Not;

const std::string kToken(40, 't');

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// The controller's end of one session.
class Controller {
 public:
  explicit Controller(const std::string& address, const std::string& authorization = "Bearer " + kToken,
                      bool check = false)
      : stub_(v1::Agent::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    if (!authorization.empty()) context_.AddMetadata(contract::kTokenMetadata, authorization);
    if (check) context_.AddMetadata(contract::kCheckMetadata, "1");
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
    options_.token = kToken;
    check_.token = kToken;
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

// --- Who may call

TEST_F(ListenCarrierTest, AStrangerGetsNothingAndTakesNoPlace) {
  options_.max_sessions = 1;
  std::vector<std::string> lines;
  options_.log = [&](const std::string& line) { lines.push_back(line); };
  const std::string address = Serve();
  for (const std::string& shown : {std::string(), std::string("Bearer hunter2"), "Bearer " + kToken + "t", kToken}) {
    for (const bool check : {false, true}) {
      Controller stranger(address, shown, check);
      EXPECT_EQ(stranger.Receive().message_case(), v1::AgentMessage::MESSAGE_NOT_SET) << shown;
      const grpc::Status sent_away = stranger.Finish();
      EXPECT_EQ(sent_away.error_code(), grpc::StatusCode::UNAUTHENTICATED);
      EXPECT_THAT(sent_away.error_message(), AllOf(HasSubstr("token"), HasSubstr("--agent-token-from")));
    }
  }
  ASSERT_EQ(lines.size(), 1U) << "at a bounded rate";
  EXPECT_THAT(lines[0], AllOf(HasSubstr("127.0.0.1"), Not(HasSubstr("hunter2")), Not(HasSubstr(kToken))));
  Controller known(address);
  known.Begin();
}

TEST_F(ListenCarrierTest, StrangersDoNotLearnThatItEndsNorHowBusyItIs) {
  options_.max_sessions = 1;
  const std::string address = Serve();
  Controller working(address);
  working.Begin();
  working.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  Controller during(address, "");
  EXPECT_FALSE(during.Receive().has_hello());
  EXPECT_EQ(during.Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(ListenCarrierTest, WhereCallersWouldStayUnknownItDoesNotServe) {
  options_.token = "";
  const absl::Status served = ServeListen(*session_, options_, stop_[0]);
  EXPECT_EQ(served.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(served), AllOf(HasSubstr("unix:PATH"), HasSubstr("--token-file"), HasSubstr("--tls-client-ca")));
  options_.token = "short";
  EXPECT_THAT(Message(ServeListen(*session_, options_, stop_[0])), HasSubstr("openssl rand"));
}

TEST_F(ListenCarrierTest, ATokenGoesToThisHostOrOverTls) {
  for (const char* elsewhere : {"192.0.2.1:7411", "agent.internal:7411", "[2001:db8::1]:7411"}) {
    address_ = elsewhere;
    EXPECT_EQ(Check().code(), absl::StatusCode::kInvalidArgument) << elsewhere;
    EXPECT_THAT(Message(Check()), AllOf(HasSubstr("plaintext"), Not(HasSubstr(kToken)))) << elsewhere;
  }
}

TEST_F(ListenCarrierTest, NoProxyOfTheEnvironmentIsGivenTheToken) {
  Serve();
  std::atomic<int> asked{0};
  support::ScriptedServer proxy([&](support::Peer& peer) {
    peer.ReadSome();
    ++asked;
  });
  setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(proxy.port())).c_str(), 1);
  const absl::Status checked = Check();
  unsetenv("http_proxy");
  EXPECT_TRUE(checked.ok()) << checked;
  EXPECT_EQ(asked, 0);
}

class UnixListenTest : public ListenCarrierTest {
 protected:
  UnixListenTest() {
    char folder[] = "/tmp/parallax-serve-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    options_.address = "unix:" + folder_ + "/agent.sock";
    options_.token = check_.token = "";
  }
  ~UnixListenTest() override {
    if (serving_.valid()) {
      theatre_.Open();
      AskToEnd();
      serving_.wait();
      serving_ = {};
    }
    EXPECT_EQ(rmdir(folder_.c_str()), 0) << "something was left there";
  }
  std::string folder_;
};

TEST_F(UnixListenTest, ItsModesSayWhoAndNothingElseIsAskedFor) {
  const std::string address = Serve();
  struct stat facts {};
  ASSERT_EQ(stat((folder_ + "/agent.sock").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600U);
  Controller first(address, "");
  Controller second(address, "");
  first.Begin();
  second.Begin();
  first.Assign(1, {"refused"});
  EXPECT_EQ(first.Receive().observation().observation().outcome(), v1::REFUSED);
  EXPECT_EQ(first.Receive().done().observations(), 1U);
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(UnixListenTest, ATokenThatIsGivenIsAskedForHereToo) {
  options_.token = kToken;
  options_.socket_mode = 0666;  // only with it
  const std::string address = Serve();
  EXPECT_THAT(Message(Check()), HasSubstr("wants a token"));
  check_.token = kToken;
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(UnixListenTest, ItsEndIsAsOrderly) {
  const std::string address = Serve();
  Controller working(address, "");
  Controller idle(address, "");
  working.Begin();
  idle.Begin();
  working.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  AskToEnd();
  EXPECT_THAT(idle.AwaitRefusal(), HasSubstr("asked to end"));
  EXPECT_THAT(Message(Check()), HasSubstr("asked to end"));
  theatre_.Open();
  EXPECT_EQ(working.Receive().observation().observation().outcome(), v1::NONE);
  EXPECT_EQ(working.Receive().done().observations(), 1U);
  EXPECT_TRUE(Served().ok());
  EXPECT_THAT(Message(Check()), HasSubstr("there is no socket"));
}

TEST_F(UnixListenTest, WhatDoesNotFitIsAUsageError) {
  const auto serve = [&] { return Message(ServeListen(*session_, options_, stop_[0])); };
  for (const mode_t mode : {0666, 0606, 0602, 0400, 0700, 0660 | S_ISUID}) {
    options_.socket_mode = mode;
    EXPECT_THAT(serve(), HasSubstr("--socket-mode")) << mode;
  }
  options_.socket_mode = 0600;
  options_.tls_client_ca = "/ca.pem";
  EXPECT_THAT(serve(), HasSubstr("TLS"));
}

TEST(DefaultListen, RootsPlaceAndTheRuntimeFolderOfOthers) {
  const auto in_child = [](uid_t user, const char* runtime, const std::string& wanted) {
    const pid_t child = fork();
    if (child == 0) {
      if (runtime == nullptr ? unsetenv("XDG_RUNTIME_DIR") != 0 : setenv("XDG_RUNTIME_DIR", runtime, 1) != 0) _exit(2);
      if (geteuid() != user && setuid(user) != 0) _exit(3);
      _exit(DefaultListen() == wanted ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return status;
  };
  const uid_t somebody = geteuid() == 0 ? 65534 : geteuid();
  EXPECT_EQ(in_child(somebody, "/run/user/1000", "unix:/run/user/1000/parallax-agent.sock"), 0);
  EXPECT_EQ(in_child(somebody, nullptr, "unix:/run/parallax-agent/agent.sock"), 0);
  EXPECT_EQ(in_child(somebody, "relative", "unix:/run/parallax-agent/agent.sock"), 0);
  if (geteuid() != 0) return;
  EXPECT_EQ(in_child(0, "/run/user/0", "unix:/run/parallax-agent/agent.sock"), 0);
}

// --- Is it well?

TEST_F(ListenCarrierTest, ABusyAgentIsWellAndOneWhoseSessionsAllHangIsNot) {
  options_.max_sessions = 2;
  options_.hang_grace = std::chrono::seconds(-60);  // a probe of one second is late from its start
  Controller first(Serve());
  Controller second(address_);
  first.Begin();
  second.Begin();
  first.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  EXPECT_TRUE(Check().ok()) << "the other gets on: " << Check();
  second.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(2));
  const absl::Status sick = Check();
  EXPECT_EQ(sick.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(sick), AllOf(HasSubstr("does not work"), HasSubstr("each of the 2 sessions hangs"),
                                   HasSubstr("'p1' has told nothing")));
  theatre_.Open();
  EXPECT_EQ(first.Receive().observation().observation().outcome(), v1::NONE);
  EXPECT_EQ(first.Receive().done().observations(), 1U);
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(ListenCarrierTest, WithinItsTimeBusyIsNotHung) {
  options_.max_sessions = 1;
  Controller only(Serve());
  only.Begin();
  only.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(ListenCarrierTest, ChecksHavePlacesOfTheirOwnAndTheseAreBoundedToo) {
  options_.max_checks = 1;
  const std::string address = Serve();
  Controller holder(address, "Bearer " + kToken, true);
  EXPECT_TRUE(holder.Receive().has_hello());
  EXPECT_THAT(Message(Check()), HasSubstr("health checks at once")) << "what is not known is not called healthy";
}

TEST_F(ListenCarrierTest, ACheckThatHoldsItsPlaceGivesWay) {
  options_.max_checks = 1;
  options_.check_ms = std::chrono::milliseconds(0);
  Controller squatter(Serve(), "Bearer " + kToken, true);
  EXPECT_TRUE(squatter.Receive().has_hello());
  EXPECT_TRUE(Check().ok()) << Check();
  EXPECT_EQ(squatter.Receive().message_case(), v1::AgentMessage::MESSAGE_NOT_SET) << "it gave way";
}

// Greets, and does nothing.
class Idler final : public v1::Agent::Service {
 public:
  grpc::Status Session(grpc::ServerContext*,
                       grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* stream) override {
    v1::AgentMessage message;
    message.mutable_hello()->set_protocol(contract::kProtocolVersion);
    stream->Write(message);
    for (v1::ControllerMessage ignored; stream->Read(&ignored);) {
    }
    return grpc::Status::OK;
  }
};

TEST_F(ListenCarrierTest, OneThatGreetsAndDoesNoWorkIsSick) {
  Idler idler;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&idler);
  const auto server = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
  check_.timeout_ms = 300;
  EXPECT_THAT(Message(Check()),
              AllOf(HasSubstr("does not work"), HasSubstr("it greeted, and did no work within 300 ms")));
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
    EXPECT_THAT(Message(served), AllOf(HasSubstr("no policy yet"), HasSubstr("unix socket"), HasSubstr("ssh -L")))
        << address;
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
                              ":7411", "unix:", "unix:@agent", "a host:7411"}) {
    address_ = address;
    EXPECT_EQ(Check().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(Message(Check()), HasSubstr("unix:PATH")) << address;
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
