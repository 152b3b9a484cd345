// The state machine of a session with a controller that a test plays, message by message.
#include "agent/session/agent_session_for_test.h"

namespace parallax::session {
namespace {

TEST_F(AgentSessionTest, ObservationsAreNumberedAndDoneHoldsTheDigestOfTheBytes) {
  Begin();
  Welcome();
  // Not what our serialization would give: an unknown field behind it. The digest is over the bytes that came.
  const std::string plan_bytes = PlanOf({"", "refused"}).SerializeAsString() + "\xA2\x06\x01x";
  AssignBytes(7, plan_bytes);
  for (uint64_t number = 1; number <= 2; ++number) {
    const v1::AgentMessage message = stream_.Receive();
    EXPECT_EQ(message.observation().number(), number);
    EXPECT_EQ(message.observation().assignment(), 7U);
    EXPECT_EQ(message.observation().observation().probe(), "p" + std::to_string(number));
  }
  const v1::Done done = stream_.Receive().done();
  EXPECT_EQ(done.assignment(), 7U);
  EXPECT_EQ(done.plan_digest(), contract::Digest(plan_bytes));
  EXPECT_EQ(done.observations(), 2U);
  EXPECT_EQ(done.error(), "");

  Assign(8, {""});
  EXPECT_EQ(stream_.Receive().observation().number(), 3U) << "numbers go on through the session";
  EXPECT_EQ(stream_.Receive().done().assignment(), 8U);
  EXPECT_TRUE(SayBye().ok());
}

TEST_F(AgentSessionTest, AClockPingIsAnsweredAlsoWhileProbing) {
  Begin();
  Welcome();
  Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  const v1::ClockPong pong = Ping(5).clock_pong();
  EXPECT_EQ(pong.id(), 5U);
  EXPECT_EQ(pong.controller_unix_ns(), 42);
  EXPECT_GE(pong.agent_unix_ns(), FakeTime::kUnixMinusMonotonic);
  theatre_.Open();
  EXPECT_EQ(stream_.Receive().observation().observation().outcome(), v1::NONE);
  EXPECT_TRUE(stream_.Receive().has_done());
}

TEST_F(AgentSessionTest, DrainingItFinishesWhatItAcceptedAndRefusesTheNext) {
  Begin();
  Welcome();
  Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  const net::CancelToken& drained = session_->Drain();
  Assign(2, {""});
  EXPECT_THAT(stream_.Receive().done().error(), HasSubstr("still runs"));
  EXPECT_FALSE(drained.cancelled());
  theatre_.Open();
  EXPECT_EQ(stream_.Receive().observation().observation().outcome(), v1::NONE);
  EXPECT_EQ(stream_.Receive().done().error(), "");
  Assign(3, {""});
  EXPECT_THAT(stream_.Receive().done().error(), HasSubstr("asked to end"));
  // The last act of the work, after its Done.
  pollfd end = {drained.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&end, 1, 20'000), 1);
}

TEST_F(AgentSessionTest, AControllerThatLeavesDoesNotHoldUpADrain) {
  Begin();
  Welcome();
  Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  const net::CancelToken& drained = session_->Drain();
  stream_.Leave();
  thread_.join();
  EXPECT_TRUE(drained.cancelled());
}

TEST_F(AgentSessionTest, WithoutAWelcomeNothingIsRun) {
  Begin();
  Assign(1, {""});
  const v1::Done done = stream_.Receive().done();
  EXPECT_THAT(done.error(), HasSubstr("protocol"));
  EXPECT_THAT(theatre_.seen(), IsEmpty());
}

TEST_F(AgentSessionTest, NorInAnotherProtocol) {
  Begin();
  Welcome(contract::kProtocolVersion + 1);
  Assign(1, {""});
  const v1::Done done = stream_.Receive().done();
  EXPECT_EQ(done.assignment(), 1U);
  EXPECT_THAT(done.error(), HasSubstr("same release"));
  EXPECT_EQ(done.plan_digest(), contract::Digest(PlanOf({""}).SerializeAsString()));
  EXPECT_THAT(theatre_.seen(), IsEmpty());
}

TEST_F(AgentSessionTest, APlanThatIsNoneIsRefusedAndTheSessionGoesOn) {
  Begin();
  Welcome();
  AssignBytes(1, "\xff\xff not a plan");
  const v1::Done unread = stream_.Receive().done();
  EXPECT_THAT(unread.error(), HasSubstr("could not be read"));
  EXPECT_EQ(unread.plan_digest(), contract::Digest("\xff\xff not a plan"));
  v1::Plan plan = PlanOf({"", ""});
  plan.mutable_probes(1)->set_name("p1");
  AssignBytes(2, plan.SerializeAsString());
  EXPECT_THAT(stream_.Receive().done().error(), HasSubstr("two probes"));
  Assign(3, {""});
  EXPECT_TRUE(stream_.Receive().has_observation());
  EXPECT_EQ(stream_.Receive().done().error(), "");
}

TEST_F(AgentSessionTest, OneAssignmentAtATime) {
  Begin();
  Welcome();
  Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  Assign(2, {""});
  const v1::Done refused = stream_.Receive().done();
  EXPECT_EQ(refused.assignment(), 2U);
  EXPECT_THAT(refused.error(), HasSubstr("assignment 1 still runs"));
  theatre_.Open();
  EXPECT_EQ(stream_.Receive().observation().assignment(), 1U);
  EXPECT_EQ(stream_.Receive().done().error(), "");
}

TEST_F(AgentSessionTest, CancelEndsWhatRunsAndKeepsWhatWasObserved) {
  Begin();
  Welcome();
  Assign(1, {"", "gate", ""});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  Cancel(99);  // another's
  EXPECT_EQ(stream_.Receive().observation().observation().outcome(), v1::NONE);
  EXPECT_TRUE(Ping(1).has_clock_pong()) << "still at the gate";
  Cancel(1);
  EXPECT_EQ(stream_.Receive().observation().observation().outcome(), v1::CANCELLED);
  EXPECT_EQ(stream_.Receive().observation().observation().outcome(), v1::CANCELLED);
  const v1::Done done = stream_.Receive().done();
  EXPECT_EQ(done.observations(), 3U);
  Cancel(1);  // over: changes nothing
  Assign(2, {""});
  EXPECT_EQ(stream_.Receive().observation().observation().outcome(), v1::NONE);
}

TEST_F(AgentSessionTest, CancelWithoutANumberIsWhateverRuns) {
  Begin();
  Welcome();
  Assign(6, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  Cancel(0);
  EXPECT_EQ(stream_.Receive().observation().observation().outcome(), v1::CANCELLED);
}

TEST_F(AgentSessionTest, AControllerThatDoesNotAckMakesItWait) {
  SessionOptions options;
  options.max_unacked = 2;
  Begin(options);
  Welcome();
  Assign(1, {"", "", "", "", ""});
  EXPECT_EQ(stream_.Receive().observation().number(), 1U);
  EXPECT_EQ(stream_.Receive().observation().number(), 2U);
  for (uint64_t id = 1; id <= 20; ++id) EXPECT_TRUE(Ping(id).has_clock_pong()) << "no third without an ack";
  Ack(2);
  EXPECT_EQ(stream_.Receive().observation().number(), 3U);
  EXPECT_EQ(stream_.Receive().observation().number(), 4U);
  Ack(9);  // never given: changes nothing
  EXPECT_TRUE(Ping(99).has_clock_pong());
  Ack(3);
  EXPECT_EQ(stream_.Receive().observation().number(), 5U);
  EXPECT_EQ(stream_.Receive().done().observations(), 5U);
}

TEST_F(AgentSessionTest, CancelledItDoesNotWaitForAcks) {
  SessionOptions options;
  options.max_unacked = 1;
  Begin(options);
  Welcome();
  Assign(1, {"", "", ""});
  EXPECT_EQ(stream_.Receive().observation().number(), 1U);
  Cancel(1);
  const v1::Done done = stream_.Receive().done();
  EXPECT_EQ(done.assignment(), 1U);
  EXPECT_EQ(done.observations(), 1U) << "what was left no room for is neither kept nor sent";
}

// A controller that leaves during a large plan must cost nothing more: not an observation for each of the probes that
// were not begun, of which there may be tens of thousands.
TEST_F(AgentSessionTest, AfterTheEndNothingIsEmittedOrKept) {
  Begin();
  Welcome();
  v1::Plan plan = PlanOf(std::vector<std::string>(100, "gate"), 1000);
  AssignBytes(1, plan.SerializeAsString());
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  const int before = stream_.written();
  stream_.Leave();
  thread_.join();
  EXPECT_EQ(stream_.tried(), before) << "not even tried";
  EXPECT_THAT(theatre_.seen(), SizeIs(1));
}

TEST_F(AgentSessionTest, ACancelledPlanTellsOfOneAttemptAtMost) {
  Begin();
  Welcome();
  AssignBytes(1, PlanOf({"gate", "", ""}, 1000).SerializeAsString());
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  Cancel(1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stream_.Receive().observation().observation().outcome(), v1::CANCELLED) << i;
  EXPECT_EQ(stream_.Receive().done().observations(), 3U);
}

TEST_F(AgentSessionTest, APlanOfTooMuchWorkIsRefusedWithTheNumber) {
  Begin();
  Welcome();
  AssignBytes(1, PlanOf(std::vector<std::string>(200, ""), 1000).SerializeAsString());
  const v1::Done done = stream_.Receive().done();
  EXPECT_THAT(done.error(), HasSubstr("200000 observations"));
  EXPECT_THAT(done.error(), HasSubstr("at most 100000"));
  EXPECT_THAT(theatre_.seen(), IsEmpty());
}

}  // namespace
}  // namespace parallax::session
