#include "tests/support/fake_probes.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "contract/limits.h"

namespace parallax::support {
namespace {

// A probe is a plain function: where it finds its theatre.
std::atomic<Theatre*>& Current() {
  static std::atomic<Theatre*> current{nullptr};
  return current;
}

absl::Status Valid(const v1::ProbeSpec&) { return absl::OkStatus(); }
absl::Status Invalid(const v1::ProbeSpec&) { return absl::InvalidArgumentError("tls.endpoint: never right"); }
absl::Status Run(const v1::ProbeSpec& spec, const probes::Context& context, probes::Recorder& recorder) {
  return Current().load()->Act(spec, context, recorder);
}

constexpr probes::Probe kFakes[] = {
    {v1::ProbeSpec::kTcp, "tcp", &Valid, &Run},           {v1::ProbeSpec::kTls, "tls", &Invalid, &Run},
    {v1::ProbeSpec::kPostgres, "postgres", &Valid, &Run}, {v1::ProbeSpec::kSql, "sql", &Valid, &Run},
    {v1::ProbeSpec::kHttp, "http", &Valid, &Run},
};

}  // namespace

Theatre::Theatre() { Current() = this; }

Theatre::~Theatre() { Current() = nullptr; }

void Theatre::Open() {
  std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

bool Theatre::AwaitAtGate(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return at_gate_ >= count; });
}

int Theatre::most_at_once() const {
  std::lock_guard lock(mutex_);
  return most_;
}

std::vector<Theatre::Seen> Theatre::seen() const {
  std::lock_guard lock(mutex_);
  return seen_;
}

absl::Status Theatre::Act(const v1::ProbeSpec& spec, const probes::Context& context, probes::Recorder& recorder) {
  const std::string& act = spec.tcp().send();
  const auto secret = context.secrets.Resolve("controller:P");
  std::unique_lock lock(mutex_);
  seen_.push_back({spec.name(), context.clock.MonotonicNs(), context.deadline_ns, context.step_timeout_ns,
                   secret.ok() ? secret->value : "", context.connect_to.size()});
  most_ = std::max(most_, ++running_);
  if (act == "gate") {
    ++at_gate_;
    changed_.notify_all();
    // The token wakes nobody here: look at it now and then.
    while (!open_ && !context.cancel.cancelled()) changed_.wait_for(lock, std::chrono::milliseconds(5));
  }
  --running_;
  lock.unlock();
  if (act.starts_with("denied")) return absl::PermissionDeniedError(act);
  if (act.starts_with("broken")) return absl::InternalError(act);
  v1::Step* step = recorder.Begin(v1::CONNECT);
  if (act == "huge") step->mutable_peer_bytes()->set_head(std::string(contract::kMaxMessageBytes, 'x'));
  recorder.End(step, act == "refused" ? v1::REFUSED : context.cancel.cancelled() ? v1::CANCELLED : v1::NONE);
  return absl::OkStatus();
}

std::span<const probes::Probe> FakeProbes() { return kFakes; }

v1::Plan PlanOf(const std::vector<std::string>& acts, uint32_t attempts) {
  v1::Plan plan;
  plan.set_version(contract::kPlanVersion);
  plan.set_attempts(attempts);
  for (const std::string& act : acts) {
    v1::ProbeSpec* probe = plan.add_probes();
    probe->set_name("p" + std::to_string(plan.probes_size()));
    probe->set_timeout_ms(1000);
    probe->mutable_tcp()->set_send(act);
  }
  return plan;
}

int64_t FakeTime::MonotonicNs() const {
  std::lock_guard lock(mutex_);
  return now_ns_;
}

bool FakeTime::WaitUntil(int64_t monotonic_ns, const net::CancelToken& cancel) const {
  std::lock_guard lock(mutex_);
  waits_.push_back(monotonic_ns);
  if (cancel.cancelled()) return false;
  now_ns_ = std::max(now_ns_, monotonic_ns);
  return true;
}

std::vector<int64_t> FakeTime::waits() const {
  std::lock_guard lock(mutex_);
  return waits_;
}

}  // namespace parallax::support
