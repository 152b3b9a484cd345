// How a session ends: silence, a Bye, a controller that goes away.
#include "agent/session/agent_session_for_test.h"

namespace parallax::session {
namespace {

SessionOptions WatchedOften() {
  SessionOptions options;
  options.glance_ms = 1;
  options.silence.welcome_ms = 10'000;
  options.silence.idle_ms = 60'000;
  options.silence.working_ms = 660'000;
  // A pong is here before its write has returned: the clock must be able to pass in between.
  options.silence.write_ms = 3'600'000;
  return options;
}

TEST_F(AgentSessionTest, AControllerThatNeverWelcomesIsLetGo) {
  Begin(WatchedOften());
  Pass(10);
  thread_.join();
  EXPECT_EQ(status_.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status_.message()), HasSubstr("said nothing for 10 s after Hello"));
}

TEST_F(AgentSessionTest, AControllerThatFallsSilentIsLetGo) {
  Begin(WatchedOften());
  Welcome();
  EXPECT_TRUE(Ping(1).has_clock_pong());
  Pass(60);
  thread_.join();
  EXPECT_EQ(status_.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status_.message()), HasSubstr("said nothing for 60 s"));
}

// A controller waits for a person, who toggles a NAT and has lunch.
TEST_F(AgentSessionTest, AControllerThatPingsMayWaitForAPerson) {
  Begin(WatchedOften());
  Welcome();
  EXPECT_TRUE(Ping(1).has_clock_pong());
  for (uint64_t minute = 2; minute <= 180; ++minute) {
    Pass(59);
    ASSERT_TRUE(Ping(minute).has_clock_pong());
  }
  Assign(1, {""});
  EXPECT_TRUE(stream_.Receive().has_observation());
  EXPECT_TRUE(stream_.Receive().has_done());
  EXPECT_TRUE(SayBye().ok());
}

TEST_F(AgentSessionTest, WorkMayTakeAsLongAsAProbeMay) {
  Begin(WatchedOften());
  Welcome();
  Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  Pass(600);
  EXPECT_TRUE(Ping(1).has_clock_pong()) << "still there";
  theatre_.Open();
  EXPECT_TRUE(stream_.Receive().has_observation());
  EXPECT_TRUE(stream_.Receive().has_done());
  EXPECT_TRUE(SayBye().ok());
}

TEST_F(AgentSessionTest, AControllerThatReadsNothingIsLetGo) {
  SessionOptions options = WatchedOften();
  options.silence.write_ms = 30'000;
  Begin(options);
  Welcome();
  EXPECT_TRUE(Ping(1).has_clock_pong());
  stream_.StopReading();
  Assign(1, {""});
  ASSERT_TRUE(stream_.AwaitBlockedWrite());
  Pass(30);
  thread_.join();
  EXPECT_EQ(status_.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status_.message()), HasSubstr("read nothing for 30 s"));
}

TEST_F(AgentSessionTest, AByeFromOneThatReadsNothingEndsTheSessionToo) {
  Begin();
  Welcome();
  EXPECT_TRUE(Ping(1).has_clock_pong());
  stream_.StopReading();
  Assign(1, {""});
  ASSERT_TRUE(stream_.AwaitBlockedWrite());
  EXPECT_TRUE(SayBye().ok());
}

TEST_F(AgentSessionTest, AnObservationThatNoMessageHoldsIsToldInWords) {
  Begin();
  Welcome();
  Assign(1, {"huge", ""});
  const v1::AgentMessage message = stream_.Receive();
  EXPECT_LT(message.ByteSizeLong(), contract::kMaxMessageBytes);
  EXPECT_EQ(message.observation().observation().probe(), "p1");
  EXPECT_EQ(message.observation().observation().outcome(), v1::LOCAL_RESOURCE);
  EXPECT_THAT(message.observation().observation().error(), HasSubstr("bytes"));
  EXPECT_EQ(stream_.Receive().observation().observation().outcome(), v1::NONE);
}

TEST_F(AgentSessionTest, SecretsReachTheProbeAndNothingElse) {
  Begin();
  Welcome();
  v1::ControllerMessage message;
  message.mutable_assignment()->set_id(1);
  message.mutable_assignment()->set_plan(PlanOf({"broken"}).SerializeAsString());
  message.mutable_assignment()->add_secrets()->set_ref("controller:P");
  message.mutable_assignment()->mutable_secrets(0)->set_value("hunter2");
  stream_.Send(message);
  EXPECT_THAT(stream_.Receive().SerializeAsString(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(stream_.Receive().SerializeAsString(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(theatre_.seen()[0].secret, "hunter2");
}

TEST_F(AgentSessionTest, ByeEndsWhatRuns) {
  Begin();
  Welcome();
  Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  EXPECT_TRUE(SayBye().ok());
}

TEST_F(AgentSessionTest, AControllerThatGoesAwayEndsWhatRuns) {
  Begin();
  Welcome();
  Assign(1, {"gate", "gate", ""});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  stream_.Leave();
  thread_.join();
  EXPECT_EQ(status_.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(theatre_.seen(), SizeIs(1)) << "the rest was not begun";
}

TEST_F(AgentSessionTest, AControllerThatGoesAwayEndsAWaitForAcks) {
  SessionOptions options;
  options.max_unacked = 1;
  Begin(options);
  Welcome();
  Assign(1, {"", "", ""});
  EXPECT_EQ(stream_.Receive().observation().number(), 1U);
  stream_.Leave();
  thread_.join();
  EXPECT_EQ(status_.code(), absl::StatusCode::kUnavailable);
}

TEST_F(AgentSessionTest, AnUnknownMessageIsPassedOver) {
  Begin();
  stream_.Send({});
  Welcome();
  Assign(1, {""});
  EXPECT_TRUE(stream_.Receive().has_observation());
}

TEST(AgentSession, AControllerThatNeverListensIsUnavailable) {
  const FakeTime time;
  const policy::Policy policy;
  const runner::Runner runner(time, policy, FakeProbes(), 1, time);
  FakeStream stream;
  stream.StopListening();
  EXPECT_EQ(AgentSession(runner, time, {}).Run(stream).code(), absl::StatusCode::kUnavailable);
}

TEST(Unacked, KeepsInOrderUntilAcked) {
  Unacked unacked(10, 1 << 20);
  v1::Observation observation;
  for (uint64_t number = 1; number <= 5; ++number) {
    observation.set_attempt(static_cast<uint32_t>(number));
    EXPECT_EQ(unacked.Add(3, observation).number(), number);
  }
  const auto numbers = [&] {
    std::vector<uint64_t> kept;
    for (const auto& numbered : unacked.kept()) kept.push_back(numbered.number());
    return kept;
  };
  unacked.Ack(2);
  EXPECT_THAT(numbers(), ElementsAre(3, 4, 5)) << "an ack is for all before it too";
  unacked.Ack(2);
  unacked.Ack(0);
  unacked.Ack(6);
  EXPECT_THAT(numbers(), ElementsAre(3, 4, 5)) << "a duplicate or a lie changes nothing";
  EXPECT_EQ(unacked.kept().front().observation().attempt(), 3U);
  EXPECT_EQ(unacked.kept().front().assignment(), 3U);
  unacked.Ack(5);
  EXPECT_THAT(numbers(), IsEmpty());
  EXPECT_EQ(unacked.Add(3, observation).number(), 6U);
}

TEST(Unacked, IsFullByCountAndByBytesAndOneAlwaysFits) {
  v1::Observation large;
  large.set_error(std::string(1000, 'x'));
  Unacked by_bytes(100, 500);
  EXPECT_FALSE(by_bytes.Full());
  by_bytes.Add(1, large);
  EXPECT_TRUE(by_bytes.Full());
  by_bytes.Ack(1);
  EXPECT_FALSE(by_bytes.Full());
  Unacked by_count(2, 1 << 20);
  by_count.Add(1, {});
  EXPECT_FALSE(by_count.Full());
  by_count.Add(1, {});
  EXPECT_TRUE(by_count.Full());
}

TEST(Hello, SaysWhoWeAre) {
  const v1::Hello hello = MakeHello(FakeProbes());
  EXPECT_EQ(hello.protocol(), contract::kProtocolVersion);
  EXPECT_THAT(hello.probes(), ElementsAre("tcp", "tls", "postgres", "sql", "http"));
  EXPECT_THAT(hello.user(), Not(IsEmpty()));
  EXPECT_NE(hello.agent_id(), MakeHello(FakeProbes()).agent_id());
}

}  // namespace
}  // namespace parallax::session
