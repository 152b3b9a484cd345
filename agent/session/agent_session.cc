#include "agent/session/agent_session.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "agent/host/memory.h"
#include "agent/session/unacked.h"
#include "contract/digest.h"
#include "contract/limits.h"
#include "contract/mutex.h"

namespace parallax::session {
namespace {

// Room for the envelope around an observation in one message.
constexpr size_t kEnvelopeBytes = 1024;
// What the last message of a session may take to leave, once the controller said Bye.
constexpr auto kLastWrite = std::chrono::seconds(2);

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

// The state of one Run. Lock order: write_mutex_, mutex_, and the session's own mutex_ last.
class AgentSession::Live {
 public:
  Live(AgentSession& session, Stream& stream)
      : session_(session),
        stream_(stream),
        unacked_(session.options_.max_unacked, session.options_.max_unacked_bytes),
        silence_(session.options_.silence, session.clock_.MonotonicNs()) {}

  // False when the host gives no threads.
  bool Start() {
    try {
      watch_ = std::thread([this] { Watch(); });
      worker_ = std::thread([this] { Work(); });
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  }

  // Cancels what runs and joins the threads. The stream may be gone already.
  ~Live() {
    // A controller that said Bye may not read any more: a last write must not hold us.
    if (!EndWorker()) stream_.Cancel();
    if (worker_.joinable()) worker_.join();
    if (watch_.joinable()) watch_.join();
    const contract::MutexLock lock(mutex_);
    if (next_.has_value()) session_.EndWork();  // accepted, and never begun
  }

  absl::Status Serve() {
    v1::AgentMessage hello;
    *hello.mutable_hello() = session_.hello_;
    if (!Write(hello)) return absl::UnavailableError("the controller went away before it was greeted");
    v1::ControllerMessage message;
    while (stream_.Read(&message)) {
      {
        const contract::MutexLock lock(mutex_);
        silence_.Heard(session_.clock_.MonotonicNs());
        if (message.has_welcome()) silence_.Welcomed(session_.clock_.MonotonicNs());
      }
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
    const contract::MutexLock lock(mutex_);
    if (!too_silent_.empty()) return absl::DeadlineExceededError(too_silent_ + ": the session was ended");
    return absl::UnavailableError("the controller went away without a Bye");
  }

 private:
  // Tells the threads to end; whether the worker has by kLastWrite.
  bool EndWorker() {
    const auto until = std::chrono::steady_clock::now() + kLastWrite;
    const contract::MutexLock lock(mutex_);
    ended_ = true;
    if (cancel_ != nullptr) cancel_->Cancel();
    changed_.WakeAll();
    quiet_.WakeAll();
    bool in_time = true;
    while (worker_.joinable() && !worker_ended_ && in_time) in_time = changed_.WaitUntil(mutex_, until);
    return !worker_.joinable() || worker_ended_;
  }

  bool Write(const v1::AgentMessage& message) {
    const contract::MutexLock one_at_a_time(write_mutex_);
    NoteWriting(true);
    const bool written = stream_.Write(message);
    NoteWriting(false);
    return written;
  }

  void NoteWriting(bool writing) {
    const contract::MutexLock lock(mutex_);
    silence_.Writes(writing, session_.clock_.MonotonicNs());
  }

  // Ends the stream when it is silent for too long; whoever reads or writes then notices.
  void Watch() {
    while (AwaitSilence()) stream_.Cancel();
  }

  // True once, when the stream has become silent for too long; false at the end of the session.
  bool AwaitSilence() {
    const contract::MutexLock lock(mutex_);
    while (!ended_) {
      const int64_t now_ns = session_.clock_.MonotonicNs();
      const int64_t left_ns = silence_.DueNs() - now_ns;
      if (left_ns <= 0 && too_silent_.empty()) {
        too_silent_ = silence_.Why(now_ns);
        return true;
      }
      // What changes meanwhile may bring it nearer, by no more than a glance.
      const auto glance = std::chrono::nanoseconds(session_.options_.glance_ms * net::kMs);
      const auto wait = too_silent_.empty() ? std::min(glance, std::chrono::nanoseconds(left_ns)) : glance;
      quiet_.WaitUntil(mutex_, std::chrono::steady_clock::now() + wait);
    }
    return false;
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
      const contract::MutexLock lock(mutex_);
      if (!welcomed_) {
        refused = absl::StrCat("this agent speaks protocol ", contract::kProtocolVersion,
                               " and was not welcomed in it: use the same release on both ends");
      } else if (cancel_ != nullptr) {
        refused = absl::StrCat("assignment ", running_, " still runs; one at a time");
      } else if (!session_.BeginWork()) {
        refused = "this agent was asked to end, and finishes only what it had begun";
      } else {
        silence_.Works(true, session_.clock_.MonotonicNs());
        running_ = assignment.id();
        cancel_ = std::make_shared<net::CancelToken>();
        next_.emplace().Swap(&assignment);
      }
    }
    if (refused.empty()) {
      changed_.WakeAll();
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
      const contract::MutexLock lock(mutex_);
      unacked_.Ack(number);
    }
    changed_.WakeAll();
  }

  void Cancel(uint64_t assignment) {
    {
      const contract::MutexLock lock(mutex_);
      if (cancel_ == nullptr || (assignment != 0 && assignment != running_)) return;  // already done: not a mistake
      cancel_->Cancel();
    }
    changed_.WakeAll();
  }

  void Work() {
    for (;;) {
      v1::Assignment assignment;
      std::shared_ptr<net::CancelToken> cancel;
      {
        const contract::MutexLock lock(mutex_);
        while (!ended_ && !next_.has_value()) changed_.Wait(mutex_);
        if (ended_) {
          worker_ended_ = true;
          changed_.WakeAll();
          return;
        }
        assignment = *std::move(next_);
        next_.reset();
        cancel = cancel_;
      }
      bool gone = false;
      v1::AgentMessage message;
      *message.mutable_done() = RunAssignment(std::move(assignment), *cancel);
      {
        // Before Done is written: the controller may answer it with the next assignment at once.
        const contract::MutexLock lock(mutex_);
        cancel_ = nullptr;
        silence_.Works(false, session_.clock_.MonotonicNs());
        gone = ended_;
      }
      if (!gone) Write(message);  // else there is nobody to tell
      host::ReturnFreedMemory();
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
    job.any_root_cert = session_.options_.any_root_cert;
    job.root_certs = session_.options_.root_certs;
    job.secrets = policy::Secrets(assignment, session_.options_.secrets);
    assignment.clear_secrets();
    const absl::Status status = session_.runner_.Run(job, cancel, [&](v1::Observation observation) {
      if (!Emit(done.assignment(), std::move(observation), cancel)) return;
      done.set_observations(done.observations() + 1);
    });
    if (!status.ok()) done.set_error(contract::Printable(std::string(status.message())));
    return done;
  }

  // False when it was not sent, because nobody is there or wants it: it is then not kept either.
  bool Emit(uint64_t assignment, v1::Observation observation, const net::CancelToken& cancel) {
    v1::AgentMessage message;
    {
      const contract::MutexLock lock(mutex_);
      // A controller that does not ack makes us wait, not grow. One that cancelled wants its Done, and not the few that
      // it left no room for.
      while (!ended_ && !cancel.cancelled() && unacked_.Full()) changed_.Wait(mutex_);
      if (ended_ || unacked_.Full()) return false;
      *message.mutable_observation() = unacked_.Add(assignment, Bounded(std::move(observation)));
    }
    Write(message);  // when it fails, the reader ends the session
    return true;
  }

  AgentSession& session_;
  Stream& stream_;
  bool welcomed_ = false;  // of the reader's thread

  contract::Mutex write_mutex_;  // held around stream_.Write

  contract::Mutex mutex_;
  contract::Condition changed_;
  contract::Condition quiet_;  // of the watch, which nothing but the end is to wake
  std::optional<v1::Assignment> next_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<net::CancelToken> cancel_ ABSL_GUARDED_BY(mutex_);  // of the assignment at hand; null: idle
  uint64_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool worker_ended_ ABSL_GUARDED_BY(mutex_) = false;
  Unacked unacked_ ABSL_GUARDED_BY(mutex_);
  Silence silence_ ABSL_GUARDED_BY(mutex_);
  std::string too_silent_ ABSL_GUARDED_BY(mutex_);  // why the session was ended, once it was

  std::thread watch_;
  std::thread worker_;
};

AgentSession::AgentSession(const runner::Runner& runner, const net::Clock& clock, v1::Hello hello,
                           SessionOptions options)
    : runner_(runner), clock_(clock), hello_(std::move(hello)), options_(std::move(options)) {}

absl::Status AgentSession::Run(Stream& stream) {
  Live live(*this, stream);
  if (!live.Start()) {
    return absl::ResourceExhaustedError(
        "this agent's host gives no thread for a session: raise its limits (ulimit -u, systemd's TasksMax, a "
        "container's pids limit)");
  }
  absl::Status status = live.Serve();
  // Without a Bye nobody reads any more: a worker that still writes must not hold us.
  if (!status.ok()) stream.Cancel();
  return status;
}

const net::CancelToken& AgentSession::Drain() {
  const contract::MutexLock lock(mutex_);
  draining_ = true;
  if (work_ == 0) drained_.Cancel();
  return drained_;
}

bool AgentSession::draining() const {
  const contract::MutexLock lock(mutex_);
  return draining_;
}

bool AgentSession::BeginWork() {
  const contract::MutexLock lock(mutex_);
  if (draining_) return false;
  ++work_;
  return true;
}

void AgentSession::EndWork() {
  const contract::MutexLock lock(mutex_);
  if (--work_ == 0 && draining_) drained_.Cancel();
}

}  // namespace parallax::session
