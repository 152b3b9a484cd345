#include "agent/session/progress_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parallax/v1/plan.pb.h"

namespace parallax::session {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One probe that may take 20 s.
v1::ControllerMessage Assignment(uint64_t id = 1) {
  v1::Plan plan;
  plan.add_probes()->set_name("tls db");
  plan.mutable_probes(0)->set_timeout_ms(20'000);
  v1::ControllerMessage message;
  message.mutable_assignment()->set_id(id);
  message.mutable_assignment()->set_plan(plan.SerializeAsString());
  return message;
}
v1::AgentMessage Observation(uint64_t number) {
  v1::AgentMessage message;
  message.mutable_observation()->set_number(number);
  return message;
}
v1::AgentMessage Done() {
  v1::AgentMessage message;
  message.mutable_done()->set_assignment(1);
  return message;
}
v1::ControllerMessage Ack(uint64_t number) {
  v1::ControllerMessage message;
  message.mutable_ack()->set_number(number);
  return message;
}

class ProgressWatchTest : public ::testing::Test {
 protected:
  std::string HungIn(int64_t in_seconds) {
    return watch_.Hung(seconds(5), ProgressWatch::Clock::now() + seconds(in_seconds));
  }
  void Tell(const v1::AgentMessage& message) {
    watch_.Writing();
    watch_.Wrote(message);
  }
  ProgressWatch watch_;
};

TEST_F(ProgressWatchTest, AnIdleSessionHangsNever) {
  EXPECT_THAT(HungIn(100'000), IsEmpty());
  watch_.Received(Assignment());
  Tell(Done());
  EXPECT_THAT(HungIn(100'000), IsEmpty());
}

TEST_F(ProgressWatchTest, WorkThatTellsNothingForLongerThanItMayTake) {
  watch_.Received(Assignment());
  EXPECT_THAT(HungIn(24), IsEmpty());
  EXPECT_THAT(HungIn(60), AllOf(HasSubstr("'tls db'"), HasSubstr("60 s"), HasSubstr("may take 20 s")));
}

TEST_F(ProgressWatchTest, ASignOfLifeBeginsAnew) {
  watch_.Received(Assignment());
  Tell(Observation(1));
  watch_.Received(Ack(1));
  EXPECT_THAT(HungIn(24), IsEmpty());
  EXPECT_THAT(HungIn(60), HasSubstr("tls db"));
}

TEST_F(ProgressWatchTest, APeerThatDoesNotTakeItIsNoHang) {
  watch_.Received(Assignment());
  Tell(Observation(1));
  EXPECT_THAT(HungIn(60), IsEmpty()) << "not acked";
  watch_.Received(Ack(1));
  watch_.Writing();
  EXPECT_THAT(HungIn(60), IsEmpty()) << "a write waits for the peer";
}

TEST_F(ProgressWatchTest, AnHourThatIsToComeIsWaitedFor) {
  v1::ControllerMessage later = Assignment();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  later.mutable_assignment()->set_start_at_unix_ns(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now + seconds(1000)).count());
  watch_.Received(later);
  EXPECT_THAT(HungIn(1000), IsEmpty());
  EXPECT_THAT(HungIn(2000), HasSubstr("tls db"));
}

}  // namespace
}  // namespace parallax::session
