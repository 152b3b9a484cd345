#include "tests/bench/agent.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/dispatch/now.h"
#include "controller/dispatch/preamble.h"

namespace parallax::bench {
namespace {

constexpr int64_t kPatienceNs = 120'000 * dispatch::kMs;

}  // namespace

absl::StatusOr<std::unique_ptr<Agent>> Agent::Start(const std::string& program) {
  const int64_t begin_ns = dispatch::MonotonicNs();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return absl::ResourceExhaustedError("socketpair");
  auto process = Process::Start({program, "stdio"}, ends[1], "");
  close(ends[1]);
  dispatch::Preamble preamble;
  while (process.ok() && preamble.ReadFrom(ends[0]) == dispatch::Preamble::State::kReading) {
    pollfd more = {ends[0], POLLIN, 0};
    poll(&more, 1, 1'000);
  }
  if (!process.ok() || preamble.state() != dispatch::Preamble::State::kFound) {
    close(ends[0]);
    return process.ok() ? absl::UnavailableError(absl::StrCat(program, " is no agent of this release"))
                        : process.status();
  }
  std::unique_ptr<Agent> agent(new Agent);
  agent->process_ = *std::move(process);
  agent->link_ = dispatch::AgentLink::Open(ends[0], agent->bell_);
  auto hello = agent->Next();
  if (!hello.ok()) return hello.status();
  agent->hello_ms_ = static_cast<double>(dispatch::MonotonicNs() - begin_ns) / 1e6;
  if (!hello->has_hello()) return absl::InternalError("the agent's first message is no Hello");
  v1::ControllerMessage welcome;
  welcome.mutable_welcome()->set_protocol(contract::kProtocolVersion);
  agent->link_->Send(std::move(welcome));
  return agent;
}

Agent::~Agent() {
  if (link_ == nullptr) return;
  v1::ControllerMessage bye;
  bye.mutable_bye()->set_why("measured");
  link_->Send(std::move(bye));
  link_->Close(std::chrono::milliseconds(1'000)).IgnoreError();
}

absl::StatusOr<v1::AgentMessage> Agent::Next() {
  const int64_t deadline_ns = dispatch::MonotonicNs() + kPatienceNs;
  while (dispatch::MonotonicNs() < deadline_ns) {
    if (auto received = link_->Next(); received.has_value()) return std::move(received->message);
    // As the controller does: one ack for all that came together.
    if (const uint64_t number = std::exchange(unacked_, 0); number > 0) {
      v1::ControllerMessage ack;
      ack.mutable_ack()->set_number(number);
      link_->Send(std::move(ack));
    }
    if (link_->ended()) return absl::UnavailableError("the agent ended its session");
    bell_.WaitFor(std::chrono::milliseconds(100));
  }
  return absl::DeadlineExceededError("the agent said nothing for two minutes");
}

absl::Status Agent::Run(const v1::Plan& plan, const std::function<void(const v1::Observation&)>& seen) {
  v1::ControllerMessage message;
  v1::Assignment* assignment = message.mutable_assignment();
  assignment->set_id(++assignments_);
  assignment->set_plan(plan.SerializeAsString());
  assignment->set_first_attempt(1);
  assignment->set_side_count(1);
  v1::SecretValue* secret = assignment->add_secrets();
  secret->set_ref("controller:password");
  secret->set_value(password_);
  link_->Send(std::move(message));
  const uint64_t wanted = uint64_t{plan.attempts()} * static_cast<uint64_t>(plan.probes_size());
  for (uint64_t count = 0;;) {
    auto next = Next();
    if (!next.ok()) return next.status();
    if (next->has_done()) {
      if (!next->done().error().empty()) return absl::InternalError(next->done().error());
      return count == wanted ? absl::OkStatus()
                             : absl::InternalError(absl::StrCat(count, " of ", wanted, " observations came"));
    }
    if (!next->has_observation()) continue;
    ++count;
    const v1::Observation& observation = next->observation().observation();
    unacked_ = next->observation().number();
    if (observation.outcome() != v1::NONE) {
      return absl::InternalError(absl::StrCat("a probe that must work failed: ", contract::Name(observation.outcome()),
                                              " ", observation.error()));
    }
    seen(observation);
  }
}

}  // namespace parallax::bench
