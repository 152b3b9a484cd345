// An agent that listens on this host: sessions, callers, the end.
#include "agent/session/listen_carrier_for_test.h"

namespace parallax::session {
namespace {

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

}  // namespace
}  // namespace parallax::session
