#include "agent/runner/runner.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "agent/probes/recorder.h"
#include "contract/mutex.h"
#include "contract/work.h"

namespace parallax::runner {
namespace {

// A start further away than this is a clock that jumped or a controller that reckoned wrong, not a plan.
constexpr int64_t kMaxStartDelayNs = 60'000 * net::kMs;
constexpr int64_t kMaxStaggerMs = 60'000;
constexpr int64_t kMaxSpacingMs = 1'000;

// What became of a probe that could not ask its question. Data says more than a status: an outcome that the probe
// recorded itself stays.
v1::Failure OutcomeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied: return v1::DENIED_BY_POLICY;
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInvalidArgument: return v1::UNSUPPORTED;
    case absl::StatusCode::kCancelled: return v1::CANCELLED;
    default: return v1::LOCAL_RESOURCE;
  }
}

// The root certificates that the probe names; null where it names none, or the system's store, which is no path.
const std::string* RootCertOf(const v1::ProbeSpec& spec) {
  const std::string* path = nullptr;
  if (spec.has_postgres()) path = &spec.postgres().ssl_root_cert();
  if (spec.has_sql()) path = &spec.sql().ssl_root_cert();
  if (spec.has_http()) path = &spec.http().ssl_root_cert();
  return path == nullptr || path->empty() || (*path == "system" && !spec.has_http()) ? nullptr : path;
}

bool MayRead(const std::string& root_cert, const Job& job) {
  return job.any_root_cert ||
         std::find(job.root_certs.begin(), job.root_certs.end(), root_cert) != job.root_certs.end();
}

}  // namespace

// The threads of one Run and what they share: the probes of the attempt at hand, taken in order.
class Runner::Attempts {
 public:
  Attempts(const Runner& runner, const Job& job, const net::CancelToken& cancel,
           const std::function<void(v1::Observation)>& emit)
      : runner_(runner), job_(job), cancel_(cancel), emit_(emit), count_(job.plan.probes_size()) {}

  ~Attempts() {
    {
      const contract::MutexLock lock(mutex_);
      stop_ = true;
    }
    changed_.WakeAll();
    for (std::thread& thread : threads_) thread.join();
  }

  // Starts up to `wanted` threads; false when the system gives none.
  bool Start(size_t wanted) {
    try {
      while (threads_.size() < wanted) threads_.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {
      // Fewer threads only make it slower.
    }
    return !threads_.empty() || wanted == 0;
  }

  // Runs every probe once, and blocks until all have been emitted.
  void RunAttempt(uint32_t attempt) {
    const contract::MutexLock lock(mutex_);
    attempt_ = attempt;
    begin_ns_ = runner_.clock_.MonotonicNs();
    next_ = 0;
    emitted_ = 0;
    changed_.WakeAll();
    while (emitted_ != count_) changed_.Wait(mutex_);
  }

 private:
  // One probe of the attempt at hand.
  struct Turn {
    const v1::ProbeSpec& spec;
    uint32_t attempt = 0;
    int64_t start_ns = 0;
  };

  // The next one, once there is one; nothing: the threads are to end.
  std::optional<Turn> Take() {
    const contract::MutexLock lock(mutex_);
    while (!stop_ && next_ >= count_) changed_.Wait(mutex_);
    if (stop_) return std::nullopt;
    const int64_t start_ns = begin_ns_ + next_ * job_.plan.spacing_ms() * net::kMs;
    return Turn{job_.plan.probes(next_++), attempt_, start_ns};
  }

  void Work() {
    while (const std::optional<Turn> turn = Take()) {
      if (job_.plan.spacing_ms() > 0) runner_.waiter_.WaitUntil(turn->start_ns, cancel_);
      v1::Observation observation = runner_.Observe(turn->spec, turn->attempt, job_, cancel_);
      {
        const contract::MutexLock one_at_a_time(emit_mutex_);
        emit_(std::move(observation));
      }
      const contract::MutexLock lock(mutex_);
      if (++emitted_ == count_) changed_.WakeAll();
    }
  }

  const Runner& runner_;
  const Job& job_;
  const net::CancelToken& cancel_;
  const std::function<void(v1::Observation)>& emit_;
  const int count_;

  contract::Mutex emit_mutex_;  // held while emit_ runs; never together with mutex_

  contract::Mutex mutex_;
  contract::Condition changed_;
  uint32_t attempt_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t begin_ns_ ABSL_GUARDED_BY(mutex_) = 0;                        // of the attempt, monotonic
  int next_ ABSL_GUARDED_BY(mutex_) = std::numeric_limits<int>::max();  // no attempt yet
  int emitted_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;

  std::vector<std::thread> threads_;  // of the thread that owns this
};

Runner::Runner(const net::Clock& clock, const policy::Policy& policy, std::span<const probes::Probe> probes,
               uint32_t max_parallelism, const Waiter& waiter)
    : clock_(clock),
      policy_(policy),
      probes_(probes),
      max_parallelism_(std::max(1U, max_parallelism)),
      waiter_(waiter) {}

absl::Status Runner::Run(const Job& job, const net::CancelToken& cancel,
                         const std::function<void(v1::Observation)>& emit) const {
  if (absl::Status status = Check(job); !status.ok()) return status;
  const uint32_t attempts = job.attempts > 0 ? job.attempts : job.plan.attempts();
  if (attempts == 0 || job.plan.probes().empty()) return absl::OkStatus();

  const uint32_t wanted = job.plan.parallelism() > 0 ? job.plan.parallelism() : contract::kDefaultParallelism;
  Attempts pool(*this, job, cancel, emit);
  if (!pool.Start(std::min<size_t>({wanted, max_parallelism_, static_cast<size_t>(job.plan.probes_size())}))) {
    return absl::ResourceExhaustedError("the agent's host gives no thread to probe with");
  }
  // The job's wall-clock start becomes monotonic once, here, so that a stepped clock cannot stretch the wait.
  int64_t base_ns = clock_.MonotonicNs();
  if (job.start_at_unix_ns > 0) base_ns += std::max<int64_t>(0, job.start_at_unix_ns - clock_.UnixNs());
  for (uint32_t i = 0; i < attempts; ++i) {
    const uint32_t attempt = job.first_attempt + i;
    waiter_.WaitUntil(StartOf(job, attempt, base_ns), cancel);
    // Of the first attempt every probe is emitted, whenever the cancellation came: its controller waits for them, and
    // Observe says CANCELLED without beginning. Of one that was never begun there is nothing to say.
    if (i > 0 && cancel.cancelled()) break;
    pool.RunAttempt(attempt);
    base_ns = clock_.MonotonicNs();
  }
  return absl::OkStatus();
}

absl::Status Runner::Check(const Job& job) const {
  if (absl::Status status = contract::ValidatePlan(job.plan); !status.ok()) return status;
  if (absl::Status status = contract::CheckWork(job.plan, job.attempts); !status.ok()) return status;
  if (job.attempts > contract::kMaxAttempts || job.first_attempt == 0 || job.first_attempt > contract::kMaxAttempts) {
    return absl::InvalidArgumentError(absl::StrCat("attempts ", job.first_attempt, " and ", job.attempts,
                                                   " more: they count from 1, at most ", contract::kMaxAttempts));
  }
  for (const v1::ConnectTo& entry : job.connect_to) {
    if (entry.to_host().empty() || entry.to_port() == 0 || entry.to_port() > 65535) {
      return absl::InvalidArgumentError(absl::StrCat("connect_to of '", contract::Printable(entry.host(), 80),
                                                     "': no host, or port ", entry.to_port(), " not in 1..65535"));
    }
  }
  if (job.plan.stagger_ms() < 0 || job.plan.stagger_ms() > kMaxStaggerMs) {
    return absl::InvalidArgumentError(
        absl::StrCat("stagger_ms is ", job.plan.stagger_ms(), ", it must be in 0..", kMaxStaggerMs));
  }
  if (job.plan.spacing_ms() < 0 || job.plan.spacing_ms() > kMaxSpacingMs) {
    return absl::InvalidArgumentError(
        absl::StrCat("spacing_ms is ", job.plan.spacing_ms(), ", it must be in 0..", kMaxSpacingMs));
  }
  if (job.side_count > 64 || job.side_index >= std::max(1U, job.side_count)) {
    return absl::InvalidArgumentError(absl::StrCat("side ", job.side_index, " of ", job.side_count, ": at most 64"));
  }
  if (job.start_at_unix_ns > 0 && job.start_at_unix_ns - clock_.UnixNs() > kMaxStartDelayNs) {
    return absl::InvalidArgumentError(absl::StrCat("the start is ",
                                                   (job.start_at_unix_ns - clock_.UnixNs()) / (1000 * net::kMs),
                                                   " s away: did the clock of one of the hosts jump?"));
  }
  return absl::OkStatus();
}

int64_t Runner::StartOf(const Job& job, uint32_t attempt, int64_t base_ns) const {
  const uint64_t sides = std::max(1U, job.side_count);
  const uint64_t turn = (uint64_t{job.side_index} + attempt) % sides;
  return base_ns + static_cast<int64_t>(turn) * job.plan.stagger_ms() * net::kMs;
}

v1::Observation Runner::Observe(const v1::ProbeSpec& spec, uint32_t attempt, const Job& job,
                                const net::CancelToken& cancel) const {
  v1::Observation observation;
  observation.set_probe(spec.name());
  observation.set_attempt(attempt);
  const int64_t begin_ns = clock_.MonotonicNs();
  observation.set_started_unix_ns(clock_.UnixNs());
  if (cancel.cancelled()) {
    observation.set_outcome(v1::CANCELLED);
    return observation;
  }
  const absl::Status status = RunProbe(spec, job, cancel, &observation);
  observation.set_duration_ns(clock_.MonotonicNs() - begin_ns);
  if (!status.ok()) {
    observation.set_error(contract::Printable(std::string(status.message())));
    if (observation.outcome() == v1::FAILURE_UNSPECIFIED || observation.outcome() == v1::NONE) {
      observation.set_outcome(OutcomeOf(status));
    }
  } else if (observation.outcome() == v1::FAILURE_UNSPECIFIED && cancel.cancelled()) {
    observation.set_outcome(v1::CANCELLED);
  }
  return observation;
}

absl::Status Runner::RunProbe(const v1::ProbeSpec& spec, const Job& job, const net::CancelToken& cancel,
                              v1::Observation* observation) const {
  const probes::Probe* probe = Find(spec.spec_case());
  if (probe == nullptr) {
    return absl::UnimplementedError(
        absl::StrCat("this agent (", PARALLAX_VERSION, ") does not know the kind of probe '",
                     contract::Printable(spec.name(), 80), "': install the controller's release on this host"));
  }
  if (absl::Status status = probe->validate(spec); !status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("probe '", contract::Printable(spec.name(), 80), "': ", status.message()));
  }
  // Before anything looks at the file, in words that are the same whatever is there.
  if (const std::string* root_cert = RootCertOf(spec); root_cert != nullptr && !MayRead(*root_cert, job)) {
    return absl::PermissionDeniedError(
        "this agent reads no root certificates from the files that a plan names: leave ssl_root_cert out for the "
        "system's, or name the file where the agent is started (parallax-agent serve --allow-root-cert FILE)");
  }
  const int64_t timeout_ns = spec.timeout_ms() * net::kMs;
  const int64_t step_timeout_ns = spec.step_timeout_ms() > 0 ? spec.step_timeout_ms() * net::kMs : timeout_ns;
  const probes::Context context = {
      clock_, cancel, policy_, job.secrets, job.connect_to, clock_.MonotonicNs() + timeout_ns, step_timeout_ns};
  probes::Recorder recorder(clock_, observation);
  return probe->run(spec, context, recorder);
}

const probes::Probe* Runner::Find(v1::ProbeSpec::SpecCase kind) const {
  const auto found =
      std::find_if(probes_.begin(), probes_.end(), [&](const auto& probe) { return probe.kind == kind; });
  return found == probes_.end() || kind == v1::ProbeSpec::SPEC_NOT_SET ? nullptr : &*found;
}

}  // namespace parallax::runner
