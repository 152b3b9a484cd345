#include "agent/session/agent_session.h"

#include <malloc.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/session/unacked.h"
#include "contract/digest.h"
#include "contract/limits.h"

namespace parallax::session {
namespace {

// Room for the envelope around an observation in one message.
constexpr size_t kEnvelopeBytes = 1024;

// An agent is idle nearly all its life: what the observations of an assignment took goes back to the host.
void ReturnFreeMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

// A message that is too large would end the whole session; what it says instead ends one observation.
v1::Observation Bounded(v1::Observation observation) {
  const size_t size = observation.ByteSizeLong();
  if (size + kEnvelopeBytes <= contract::kMaxMessageBytes) return observation;
  observation.clear_steps();
  observation.clear_connections();
  observation.set_error(absl::StrCat("the observation had ", size, " bytes, more than one message holds"));
  observation.set_outcome(v1::LOCAL_RESOURCE);
  return observation;
}

}  // namespace

// The state of one Run. Lock order: write_mutex_ is never taken while mutex_ is held, and the other way round; the
// session's own mutex_ comes last.
class AgentSession::Live {
 public:
  Live(AgentSession& session, Stream& stream)
      : session_(session),
        stream_(stream),
        unacked_(session.options_.max_unacked, session.options_.max_unacked_bytes),
        worker_([this] { Work(); }) {}

  // Cancels what runs and joins the worker. The stream may be gone already.
  ~Live() {
    {
      std::lock_guard lock(mutex_);
      ended_ = true;
      if (cancel_ != nullptr) cancel_->Cancel();
    }
    changed_.notify_all();
    worker_.join();
    if (next_.has_value()) session_.EndWork();  // accepted, and never begun
  }

  absl::Status Serve() {
    v1::AgentMessage hello;
    *hello.mutable_hello() = session_.hello_;
    if (!Write(hello)) return absl::UnavailableError("the controller went away before it was greeted");
    v1::ControllerMessage message;
    while (stream_.Read(&message)) {
      switch (message.message_case()) {
        case v1::ControllerMessage::kWelcome:
          welcomed_ = message.welcome().protocol() == contract::kProtocolVersion;
          break;
        case v1::ControllerMessage::kClockPing: Pong(message.clock_ping()); break;
        case v1::ControllerMessage::kAssignment: Accept(std::move(*message.mutable_assignment())); break;
        case v1::ControllerMessage::kAck: Ack(message.ack().number()); break;
        case v1::ControllerMessage::kCancel: Cancel(message.cancel().assignment()); break;
        case v1::ControllerMessage::kBye: return absl::OkStatus();
        case v1::ControllerMessage::MESSAGE_NOT_SET: break;  // a newer controller's; it learns our version from Hello
      }
      message.Clear();
    }
    return absl::UnavailableError("the controller went away without a Bye");
  }

 private:
  bool Write(const v1::AgentMessage& message) {
    std::lock_guard lock(write_mutex_);
    return stream_.Write(message);
  }

  void Pong(const v1::ClockPing& ping) {
    v1::AgentMessage message;
    v1::ClockPong* pong = message.mutable_clock_pong();
    pong->set_id(ping.id());
    pong->set_controller_unix_ns(ping.controller_unix_ns());
    pong->set_agent_unix_ns(session_.clock_.UnixNs());
    Write(message);  // when it fails, the next Read says so
  }

  void Accept(v1::Assignment assignment) {
    std::string refused;
    {
      std::lock_guard lock(mutex_);
      if (!welcomed_) {
        refused = absl::StrCat("this agent speaks protocol ", contract::kProtocolVersion,
                               " and was not welcomed in it: use the same release on both ends");
      } else if (cancel_ != nullptr) {
        refused = absl::StrCat("assignment ", running_, " still runs; one at a time");
      } else if (!session_.BeginWork()) {
        refused = "this agent was asked to end, and finishes only what it had begun";
      } else {
        running_ = assignment.id();
        cancel_ = std::make_shared<net::CancelToken>();
        next_.emplace().Swap(&assignment);
      }
    }
    if (refused.empty()) {
      changed_.notify_all();
      return;
    }
    v1::AgentMessage message;
    message.mutable_done()->set_assignment(assignment.id());
    message.mutable_done()->set_plan_digest(contract::Digest(assignment.plan()));
    message.mutable_done()->set_error(refused);
    Write(message);
  }

  void Ack(uint64_t number) {
    {
      std::lock_guard lock(mutex_);
      unacked_.Ack(number);
    }
    changed_.notify_all();
  }

  void Cancel(uint64_t assignment) {
    {
      std::lock_guard lock(mutex_);
      if (cancel_ == nullptr || (assignment != 0 && assignment != running_)) return;  // already done: not a mistake
      cancel_->Cancel();
    }
    changed_.notify_all();
  }

  void Work() {
    for (;;) {
      v1::Assignment assignment;
      std::shared_ptr<net::CancelToken> cancel;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ended_ || next_.has_value(); });
        if (ended_) return;
        assignment = *std::move(next_);
        next_.reset();
        cancel = cancel_;
      }
      v1::AgentMessage message;
      *message.mutable_done() = RunAssignment(std::move(assignment), *cancel);
      {
        // Before Done is written: the controller may answer it with the next assignment at once.
        std::lock_guard lock(mutex_);
        cancel_ = nullptr;
      }
      Write(message);
      ReturnFreeMemory();
      session_.EndWork();
    }
  }

  v1::Done RunAssignment(v1::Assignment assignment, const net::CancelToken& cancel) {
    v1::Done done;
    done.set_assignment(assignment.id());
    done.set_plan_digest(contract::Digest(assignment.plan()));
    runner::Job job;
    if (!job.plan.ParseFromString(assignment.plan())) {
      done.set_error("the plan could not be read: use the same release on both ends");
      return done;
    }
    job.first_attempt = std::max(1U, assignment.first_attempt());
    job.attempts = assignment.attempts();
    job.start_at_unix_ns = assignment.start_at_unix_ns();
    job.side_index = assignment.side_index();
    job.side_count = std::max(1U, assignment.side_count());
    job.connect_to.assign(assignment.connect_to().begin(), assignment.connect_to().end());
    job.secrets = policy::Secrets(assignment, session_.options_.allow_files_and_commands);
    assignment.clear_secrets();
    const absl::Status status = session_.runner_.Run(job, cancel, [&](v1::Observation observation) {
      Emit(done.assignment(), std::move(observation), cancel);
      done.set_observations(done.observations() + 1);
    });
    if (!status.ok()) done.set_error(contract::Printable(std::string(status.message())));
    return done;
  }

  void Emit(uint64_t assignment, v1::Observation observation, const net::CancelToken& cancel) {
    v1::AgentMessage message;
    {
      std::unique_lock lock(mutex_);
      // A controller that does not ack makes us wait, not grow. Cancelled: the few that are left may go past the bound.
      changed_.wait(lock, [&] { return ended_ || cancel.cancelled() || !unacked_.Full(); });
      *message.mutable_observation() = unacked_.Add(assignment, Bounded(std::move(observation)));
    }
    Write(message);  // when it fails, the reader ends the session
  }

  AgentSession& session_;
  Stream& stream_;
  bool welcomed_ = false;  // of the reader's thread

  std::mutex write_mutex_;  // held around stream_.Write

  std::mutex mutex_;  // guards all below, but the worker
  std::condition_variable changed_;
  std::optional<v1::Assignment> next_;
  std::shared_ptr<net::CancelToken> cancel_;  // of the assignment at hand; null: idle
  uint64_t running_ = 0;
  bool ended_ = false;
  Unacked unacked_;

  std::thread worker_;  // last: it uses all of the above
};

AgentSession::AgentSession(const runner::Runner& runner, const net::Clock& clock, v1::Hello hello,
                           SessionOptions options)
    : runner_(runner), clock_(clock), hello_(std::move(hello)), options_(options) {}

absl::Status AgentSession::Run(Stream& stream) {
  Live live(*this, stream);
  absl::Status status = live.Serve();
  // Without a Bye nobody reads any more: a worker that still writes must not hold us.
  if (!status.ok()) stream.Cancel();
  return status;
}

const net::CancelToken& AgentSession::Drain() {
  std::lock_guard lock(mutex_);
  draining_ = true;
  if (work_ == 0) drained_.Cancel();
  return drained_;
}

bool AgentSession::draining() const {
  std::lock_guard lock(mutex_);
  return draining_;
}

bool AgentSession::BeginWork() {
  std::lock_guard lock(mutex_);
  if (draining_) return false;
  ++work_;
  return true;
}

void AgentSession::EndWork() {
  std::lock_guard lock(mutex_);
  if (--work_ == 0 && draining_) drained_.Cancel();
}

}  // namespace parallax::session
