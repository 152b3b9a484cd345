// parallax-agent check: who is well, who is sick, who is not there.
#include "agent/session/listen_carrier_for_test.h"

namespace parallax::session {
namespace {

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

}  // namespace
}  // namespace parallax::session
