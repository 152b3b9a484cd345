// For tests: an agent that listens, and controllers that call it.
#ifndef PARALLAX_AGENT_SESSION_LISTEN_CARRIER_FOR_TEST_H_
#define PARALLAX_AGENT_SESSION_LISTEN_CARRIER_FOR_TEST_H_

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
#include "agent/session/listen_carrier.h"
#include "contract/agent_token.h"
#include "contract/limits.h"
#include "parallax/v1/session.grpc.pb.h"
#include "tests/support/fake_probes.h"
#include "tests/support/scripted_server.h"
#include "tests/support/tls_identity.h"

namespace parallax::session {

using support::FakeProbes;
using support::FakeTime;
using support::PlanOf;
using support::TempFile;
using support::Theatre;
using support::TlsIdentity;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

inline const std::string kToken(40, 't');

inline std::string Message(const absl::Status& status) { return std::string(status.message()); }

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

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_LISTEN_CARRIER_FOR_TEST_H_
