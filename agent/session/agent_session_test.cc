// The state machine of a session with a controller that a test plays, message by message.
#include "agent/session/agent_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "agent/session/unacked.h"
#include "contract/digest.h"
#include "contract/limits.h"
#include "contract/mutex.h"
#include "tests/support/fake_probes.h"

namespace parallax::session {
namespace {

using support::FakeProbes;
using support::FakeTime;
using support::PlanOf;
using support::Theatre;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// The transport, with the controller's end for the test. Thread-safe.
class FakeStream final : public Stream {
 public:
  bool Read(v1::ControllerMessage* message) override {
    const contract::MutexLock lock(mutex_);
    while (!gone_ && to_agent_.empty()) changed_.Wait(mutex_);
    if (to_agent_.empty()) return false;
    *message = std::move(to_agent_.front());
    to_agent_.pop_front();
    return true;
  }
  bool Write(const v1::AgentMessage& message) override {
    const contract::MutexLock lock(mutex_);
    ++tried_;
    if (full_) {
      blocked_ = true;
      changed_.WakeAll();
      while (!gone_) changed_.Wait(mutex_);
    }
    if (gone_ || deaf_) return false;
    from_agent_.push_back(message);
    ++written_;
    changed_.WakeAll();
    return true;
  }
  void Cancel() override { Leave(); }

  void Leave() {
    const contract::MutexLock lock(mutex_);
    gone_ = true;
    changed_.WakeAll();
  }
  void StopListening() {
    const contract::MutexLock lock(mutex_);
    deaf_ = true;
  }
  // What is written from here on finds no room, and waits.
  void StopReading() {
    const contract::MutexLock lock(mutex_);
    full_ = true;
  }
  // False when nothing was written for 20 s.
  bool AwaitBlockedWrite() {
    const contract::MutexLock lock(mutex_);
    const auto until = Patience();
    while (!blocked_ && changed_.WaitUntil(mutex_, until)) {
    }
    return blocked_;
  }
  void Send(v1::ControllerMessage message) {
    const contract::MutexLock lock(mutex_);
    to_agent_.push_back(std::move(message));
    changed_.WakeAll();
  }
  // The agent's next message; a test failure and an empty one after 20 s.
  v1::AgentMessage Receive() {
    const contract::MutexLock lock(mutex_);
    const auto until = Patience();
    while (from_agent_.empty() && changed_.WaitUntil(mutex_, until)) {
    }
    if (from_agent_.empty()) {
      ADD_FAILURE() << "the agent said nothing";
      return {};
    }
    v1::AgentMessage message = std::move(from_agent_.front());
    from_agent_.pop_front();
    return message;
  }
  int written() const {
    const contract::MutexLock lock(mutex_);
    return written_;
  }
  // Written, or tried to be after the end.
  int tried() const {
    const contract::MutexLock lock(mutex_);
    return tried_;
  }

 private:
  static std::chrono::steady_clock::time_point Patience() {
    return std::chrono::steady_clock::now() + std::chrono::seconds(20);
  }

  mutable contract::Mutex mutex_;
  contract::Condition changed_;
  std::deque<v1::ControllerMessage> to_agent_ ABSL_GUARDED_BY(mutex_);
  std::deque<v1::AgentMessage> from_agent_ ABSL_GUARDED_BY(mutex_);
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;
  bool deaf_ ABSL_GUARDED_BY(mutex_) = false;
  bool full_ ABSL_GUARDED_BY(mutex_) = false;
  bool blocked_ ABSL_GUARDED_BY(mutex_) = false;
  int written_ ABSL_GUARDED_BY(mutex_) = 0;
  int tried_ ABSL_GUARDED_BY(mutex_) = 0;
};

class AgentSessionTest : public ::testing::Test {
 protected:
  void Begin(SessionOptions options = {}) {
    v1::Hello hello;
    hello.set_protocol(contract::kProtocolVersion);
    hello.set_agent_id("me");
    session_ = std::make_unique<AgentSession>(runner_, time_, hello, options);
    thread_ = std::thread([this] { status_ = session_->Run(stream_); });
    EXPECT_EQ(stream_.Receive().hello().agent_id(), "me") << "Hello comes first";
  }
  void Welcome(uint32_t protocol = contract::kProtocolVersion) {
    v1::ControllerMessage message;
    message.mutable_welcome()->set_protocol(protocol);
    stream_.Send(message);
  }
  void AssignBytes(uint64_t id, const std::string& plan_bytes) {
    v1::ControllerMessage message;
    message.mutable_assignment()->set_id(id);
    message.mutable_assignment()->set_plan(plan_bytes);
    stream_.Send(message);
  }
  void Assign(uint64_t id, const std::vector<std::string>& acts) { AssignBytes(id, PlanOf(acts).SerializeAsString()); }
  void Ack(uint64_t number) {
    v1::ControllerMessage message;
    message.mutable_ack()->set_number(number);
    stream_.Send(message);
  }
  void Cancel(uint64_t id) {
    v1::ControllerMessage message;
    message.mutable_cancel()->set_assignment(id);
    stream_.Send(message);
  }
  // Everything that the agent wrote before it answered this ping.
  v1::AgentMessage Ping(uint64_t id) {
    v1::ControllerMessage message;
    message.mutable_clock_ping()->set_id(id);
    message.mutable_clock_ping()->set_controller_unix_ns(42);
    stream_.Send(message);
    return stream_.Receive();
  }
  // Lets time pass, for the session too.
  void Pass(int64_t seconds) { time_.WaitUntil(time_.MonotonicNs() + seconds * 1000 * net::kMs, net::CancelToken()); }
  absl::Status SayBye() {
    v1::ControllerMessage message;
    message.mutable_bye();
    stream_.Send(message);
    thread_.join();
    return status_;
  }
  void TearDown() override {
    stream_.Leave();
    if (thread_.joinable()) thread_.join();
  }

  FakeTime time_;
  Theatre theatre_;
  policy::Policy policy_;
  // One probe at a time: the order of what is written is then the plan's.
  runner::Runner runner_{time_, policy_, FakeProbes(), 1, time_};
  FakeStream stream_;
  std::unique_ptr<AgentSession> session_;
  absl::Status status_;
  std::thread thread_;
};

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
