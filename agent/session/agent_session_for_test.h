// For tests: a session, and the controller at its other end, message by message.
#ifndef PARALLAX_AGENT_SESSION_AGENT_SESSION_FOR_TEST_H_
#define PARALLAX_AGENT_SESSION_AGENT_SESSION_FOR_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "agent/session/agent_session.h"
#include "agent/session/unacked.h"
#include "contract/digest.h"
#include "contract/limits.h"
#include "contract/mutex.h"
#include "tests/support/fake_probes.h"

namespace parallax::session {

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

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_AGENT_SESSION_FOR_TEST_H_
