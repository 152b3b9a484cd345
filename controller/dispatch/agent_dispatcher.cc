#include "controller/dispatch/agent_dispatcher.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/digest.h"
#include "contract/limits.h"
#include "contract/upgrade.h"
#include "controller/dispatch/kept_plan.h"
#include "controller/dispatch/now.h"
#include "controller/dispatch/side.h"

namespace parallax::dispatch {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kConnectNs = 15'000 * kMs;
constexpr int64_t kPersonNs = 120'000 * kMs;  // to find a passphrase, or to copy 50 MB over a slow line
constexpr int64_t kStartInNs = 5 * kMs;       // the sides get their assignment before its start
constexpr int64_t kSlackNs = 5'000 * kMs;     // beyond what the plan itself may take
constexpr int64_t kCancelNs = 2'000 * kMs;    // what a cancelled agent may take to say Done
constexpr int64_t kMaxStartLeadNs = 500 * kMs;
constexpr auto kPoll = milliseconds(40);  // how often `interrupted` is looked at
constexpr auto kGlance = milliseconds(5);
constexpr auto kByeGrace = milliseconds(1'000);
constexpr auto kEndGrace = milliseconds(2'000);

// What an attempt may take at most: every batch of probes as long as the slowest of them, the stagger, and slack.
int64_t AttemptBoundNs(const v1::Plan& plan, size_t sides) {
  int64_t slowest_ms = 0;
  for (const v1::ProbeSpec& probe : plan.probes()) slowest_ms = std::max(slowest_ms, probe.timeout_ms());
  const int64_t at_once =
      plan.parallelism() > 0 ? std::min(plan.parallelism(), contract::kMaxParallelism) : contract::kDefaultParallelism;
  const int64_t batches = (plan.probes_size() + at_once - 1) / at_once;
  const int64_t stagger_ms = plan.stagger_ms() * static_cast<int64_t>(sides - std::min<size_t>(sides, 1));
  const int64_t spacing_ms = plan.spacing_ms() * plan.probes_size();
  return (slowest_ms * batches + stagger_ms + spacing_ms) * kMs + kSlackNs;
}

class AgentDispatcher final : public Dispatcher {
 public:
  AgentDispatcher(Reach reach, std::string run_id, const std::atomic<bool>* interrupted, SideObserver& observer)
      : reach_(std::move(reach)), run_id_(std::move(run_id)), interrupted_(interrupted), observer_(observer) {}
  ~AgentDispatcher() override { Close(); }

  void Add(SideConfig config, Vantage vantage) {
    sides_.push_back(std::make_unique<Side>(std::move(config), std::move(vantage), reach_, bell_));
  }

  void Connect(v1::Run& run) override;
  void RunPhase(const v1::Plan& plan, std::string why, v1::Run& run) override;
  void RunHealthPhase(const std::string& side, const v1::Plan& plan, std::string why, v1::Run& run) override;
  void Close() override;

 private:
  // One attempt of the phase at hand.
  struct Attempt {
    uint64_t assignment = 0;
    AttemptNumber at;
    uint32_t phase = 0;  // its index in the run
    size_t sides = 0;
    std::string doing;  // in words, for a side that is lost meanwhile
  };
  using Key = std::tuple<std::string, std::string, uint32_t>;  // side, probe, attempt

  using Sides = std::vector<Side*>;

  bool Interrupted() const { return interrupted_ != nullptr && interrupted_->load(); }
  template <typename List>
  static bool Any(const List& sides, bool (*predicate)(const Side&)) {
    return std::any_of(sides.begin(), sides.end(), [&](const auto& side) { return predicate(*side); });
  }
  void GreetAll(int64_t deadline_ns);
  void AskWhereNeeded();
  bool MayCopy(const std::string& question) const;
  void CopyWhereNeeded();
  void Publish(v1::Run& run);
  void RunOn(const Sides& sides, const v1::Plan& plan, std::string why, v1::Run& run);
  void RunAttempt(const Sides& sides, const v1::Plan& plan, const std::string& plan_bytes, const Attempt& attempt,
                  v1::Run& run);
  void Assign(const Sides& sides, const std::string& plan_bytes, const Attempt& attempt);
  void Collect(Side& side, const Attempt& attempt, v1::Run& run);
  void Keep(Side& side, v1::NumberedObservation numbered, const Attempt& attempt, v1::Run& run);
  void Finish(Side& side, const v1::Done& done, const Attempt& attempt, v1::Run& run);

  const Reach reach_;
  const std::string run_id_;
  const std::atomic<bool>* const interrupted_;
  SideObserver& observer_;
  Bell bell_;  // before the sides, which ring it
  std::vector<std::unique_ptr<Side>> sides_;
  uint64_t assignments_ = 0;
  std::set<std::string> asked_;  // names of the probes of the phase at hand
  std::set<Key> kept_;           // of the phase at hand
};

void AgentDispatcher::Connect(v1::Run& run) {
  const int64_t deadline_ns = MonotonicNs() + kConnectNs;
  for (const auto& side : sides_) {
    v1::Side* record = run.add_sides();
    record->set_name(side->name());
    record->set_vantage(side->vantage());
    record->mutable_connect_to()->Add(side->config().connect_to.begin(), side->config().connect_to.end());
    observer_.SideStarts(side->name(), side->vantage());
    side->Start();
  }
  GreetAll(deadline_ns);
  AskWhereNeeded();
  CopyWhereNeeded();
  if (Interrupted()) run.set_interrupted(true);
  Publish(run);
}

// Blocks until every side is ready, or never will be. All at once: a side that hangs costs the others nothing.
void AgentDispatcher::GreetAll(int64_t deadline_ns) {
  const auto greeting = [](const Side& side) {
    return side.stage() == Side::Stage::kHello || side.stage() == Side::Stage::kClock;
  };
  for (;;) {
    std::vector<pollfd> preambles;
    for (const auto& side : sides_) {
      side->ReadPreamble();
      while (greeting(*side)) {
        const auto received = side->Next("connecting");
        if (!received.has_value()) break;
        side->Greet(run_id_, *received);
        if (side->ready()) observer_.SideIsReady(side->name(), side->hello().agent_version());
      }
      if (side->preamble_fd() >= 0) preambles.push_back({side->preamble_fd(), POLLIN, 0});
    }
    const bool links = Any(sides_, greeting);
    if (!links && preambles.empty()) return;
    const bool interrupted = Interrupted();
    if (interrupted || MonotonicNs() >= deadline_ns) {
      for (const auto& side : sides_) {
        if (side->preamble_fd() >= 0) side->Lose(interrupted ? Loss::kInterrupted : Loss::kNeverSpoke, "connecting");
        if (greeting(*side)) side->Lose(interrupted ? Loss::kInterrupted : Loss::kNoHello, "connecting");
      }
      return;
    }
    // Links ring the bell, commands become readable: while there are both, wait for the one and look at the other.
    if (links) {
      bell_.WaitFor(preambles.empty() ? kPoll : kGlance);
    } else {
      poll(preambles.data(), preambles.size(), static_cast<int>(kPoll.count()));
    }
  }
}

// One side after the other: they share the terminal.
void AgentDispatcher::AskWhereNeeded() {
  for (const auto& side : sides_) {
    if (Interrupted() || !side->NeedsPerson()) continue;
    observer_.PersonIsAsked(side->name());
    side->StartAsking();
    GreetAll(MonotonicNs() + kPersonNs);
  }
}

bool AgentDispatcher::MayCopy(const std::string& question) const {
  if (Interrupted()) return false;
  return reach_.copy_agent || (reach_.ask != nullptr && reach_.ask(question, interrupted_));
}

void AgentDispatcher::CopyWhereNeeded() {
  for (const auto& side : sides_) {
    if (side->stage() != Side::Stage::kAbsent) continue;
    const std::string question = side->ProposeCopy();
    if (!question.empty()) {
      observer_.PersonIsAsked(side->name());
      if (MayCopy(question)) {
        observer_.AgentIsCopied(side->name());
        side->CopyAgent(MonotonicNs() + kPersonNs, interrupted_);
      } else {
        side->DeclineCopy();
      }
    }
    GreetAll(MonotonicNs() + kConnectNs);
  }
}

void AgentDispatcher::Publish(v1::Run& run) {
  for (size_t i = 0; i < sides_.size() && i < static_cast<size_t>(run.sides_size()); ++i) {
    const bool was_missing = !run.sides(static_cast<int>(i)).missing().empty();
    sides_[i]->Settle();
    sides_[i]->Publish(*run.mutable_sides(static_cast<int>(i)));
    if (!was_missing && !sides_[i]->missing().empty()) {
      observer_.SideIsMissing(sides_[i]->name(), sides_[i]->missing());
    }
  }
}

void AgentDispatcher::RunPhase(const v1::Plan& plan, std::string why, v1::Run& run) {
  Sides agents;
  for (const auto& side : sides_) {
    if (side->health_url().empty()) agents.push_back(side.get());
  }
  RunOn(agents, plan, std::move(why), run);
}

void AgentDispatcher::RunHealthPhase(const std::string& side, const v1::Plan& plan, std::string why, v1::Run& run) {
  Sides endpoint;
  for (const auto& candidate : sides_) {
    if (!candidate->health_url().empty() && candidate->name() == side) endpoint.push_back(candidate.get());
  }
  RunOn(endpoint, plan, std::move(why), run);
}

void AgentDispatcher::RunOn(const Sides& sides, const v1::Plan& plan, std::string why, v1::Run& run) {
  if (Interrupted()) {
    run.set_interrupted(true);
    return;
  }
  const std::string plan_bytes = plan.SerializeAsString();
  v1::Phase* phase = run.add_phases();
  phase->set_plan_bytes(KeptPlan(plan, plan_bytes));
  phase->set_digest(contract::Digest(plan_bytes));
  phase->set_why(std::move(why));
  asked_.clear();
  kept_.clear();
  for (const v1::ProbeSpec& probe : plan.probes()) asked_.insert(probe.name());

  // An agent would say the same, each by itself and after the first word of it.
  if (absl::Status valid = contract::ValidatePlan(plan); !valid.ok()) {
    for (Side* side : sides) {
      side->Lose(Loss::kRefused, absl::StrCat("running the phase ", plan.phase()), std::string(valid.message()));
    }
  }
  for (uint32_t number = 1; number <= plan.attempts(); ++number) {
    if (Interrupted() || !Any(sides, [](const Side& side) { return side.ready(); })) break;
    Attempt attempt;
    attempt.assignment = ++assignments_;
    attempt.at = {plan.phase(), number, plan.attempts()};
    attempt.phase = static_cast<uint32_t>(run.phases_size() - 1);
    attempt.sides = sides.size();
    attempt.doing = absl::StrCat("running attempt ", number, " of ", plan.attempts(),
                                 plan.phase().empty() ? "" : " of the phase ", plan.phase());
    RunAttempt(sides, plan, plan_bytes, attempt, run);
  }
  if (Interrupted()) run.set_interrupted(true);
  Publish(run);
}

void AgentDispatcher::RunAttempt(const Sides& sides, const v1::Plan& plan, const std::string& plan_bytes,
                                 const Attempt& attempt, v1::Run& run) {
  observer_.AttemptBegins(attempt.at);
  Assign(sides, plan_bytes, attempt);
  int64_t deadline_ns = MonotonicNs() + AttemptBoundNs(plan, sides.size());
  bool cancelled = false;
  bool interrupted = false;
  for (;;) {
    for (Side* side : sides) Collect(*side, attempt, run);
    if (!Any(sides, [](const Side& side) { return side.running() != 0; })) return;
    interrupted = interrupted || Interrupted();
    if (!cancelled && (interrupted || MonotonicNs() >= deadline_ns)) {
      cancelled = true;
      deadline_ns = MonotonicNs() + kCancelNs;
      for (Side* side : sides) {
        if (side->running() != 0) side->Cancel(interrupted ? "interrupted" : "past the attempt's bound");
      }
    } else if (cancelled && MonotonicNs() >= deadline_ns) {
      for (Side* side : sides) {
        if (side->running() != 0) side->Lose(interrupted ? Loss::kInterrupted : Loss::kSilent, attempt.doing);
      }
      return;
    }
    bell_.WaitFor(kPoll);
  }
}

void AgentDispatcher::Assign(const Sides& sides, const std::string& plan_bytes, const Attempt& attempt) {
  // The farthest agent must have its assignment before the start, or the sides would not share it.
  int64_t lead_ns = 0;
  for (Side* side : sides) {
    if (side->ready()) lead_ns = std::max(lead_ns, side->clock_uncertainty_ns());
  }
  const int64_t start_unix_ns = UnixNs() + kStartInNs + std::min(lead_ns, kMaxStartLeadNs);
  for (size_t i = 0; i < sides.size(); ++i) {
    if (!sides[i]->ready()) continue;
    v1::Assignment assignment;
    assignment.set_id(attempt.assignment);
    assignment.set_plan(plan_bytes);
    assignment.set_first_attempt(attempt.at.number);
    assignment.set_attempts(1);
    assignment.set_start_at_unix_ns(start_unix_ns + sides[i]->clock_offset_ns());
    assignment.set_side_index(static_cast<uint32_t>(i));
    assignment.set_side_count(static_cast<uint32_t>(sides.size()));
    sides[i]->Assign(std::move(assignment));
  }
}

void AgentDispatcher::Collect(Side& side, const Attempt& attempt, v1::Run& run) {
  uint64_t kept = 0;  // one ack for all that came together
  // Bounded, so that a side that floods us cannot keep the others waiting.
  for (int i = 0;; ++i) {
    auto received = i < 256 ? side.Next(attempt.doing) : std::nullopt;
    if (!received.has_value()) {
      if (i == 256) bell_.Ring();
      break;
    }
    v1::AgentMessage& message = received->message;
    if (message.has_observation()) {
      kept = std::max(kept, message.observation().number());
      Keep(side, std::move(*message.mutable_observation()), attempt, run);
    } else if (message.has_done()) {
      Finish(side, message.done(), attempt, run);
    }
  }
  if (kept > 0) side.Ack(kept);
}

void AgentDispatcher::Keep(Side& side, v1::NumberedObservation numbered, const Attempt& attempt, v1::Run& run) {
  v1::Observation& observation = *numbered.mutable_observation();
  // Only what was asked, and once: a duplicate changes nothing.
  if (numbered.assignment() != attempt.assignment || observation.attempt() != attempt.at.number) return;
  if (!asked_.contains(observation.probe())) return;
  if (!kept_.insert(Key(side.name(), observation.probe(), observation.attempt())).second) return;
  const std::string probe = observation.probe();
  contract::Upgrade(&observation);
  side.scrub().Clean(observation);
  observation.set_probe(probe);  // as the plan spells it, which is how it is found again
  v1::SideObservation* kept = run.add_observations();
  kept->set_side(side.name());
  kept->set_phase(attempt.phase);
  *kept->mutable_observation() = std::move(observation);
  observer_.ProbeIsAnswered(
      {side.name(), probe, attempt.at, kept_.size(), asked_.size() * attempt.at.of * attempt.sides});
}

void AgentDispatcher::Finish(Side& side, const v1::Done& done, const Attempt& attempt, v1::Run& run) {
  if (done.assignment() != side.running()) return;
  side.Done();
  if (!done.error().empty()) {
    side.Lose(Loss::kRefused, attempt.doing, done.error());
    return;
  }
  v1::Phase& phase = *run.mutable_phases(static_cast<int>(attempt.phase));
  const std::string digest = contract::Printable(done.plan_digest(), 64);
  for (const v1::PhaseDigest& known : phase.sides()) {
    if (known.side() == side.name() && known.digest() == digest) return;
  }
  v1::PhaseDigest* entry = phase.add_sides();
  entry->set_side(side.name());
  entry->set_digest(digest);
}

void AgentDispatcher::Close() {
  for (const auto& side : sides_) side->SayBye();
  const int64_t bye_ns = MonotonicNs() + kByeGrace.count() * kMs;
  const auto left = [](int64_t until_ns) {
    return milliseconds(std::max<int64_t>(0, (until_ns - MonotonicNs()) / kMs));
  };
  for (const auto& side : sides_) side->CloseLink(left(bye_ns));
  const int64_t end_ns = MonotonicNs() + kEndGrace.count() * kMs;
  for (const auto& side : sides_) side->EndProcess(left(end_ns));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dispatcher>> MakeAgentDispatcher(std::vector<SideConfig> sides, Reach reach,
                                                                std::string run_id,
                                                                const std::atomic<bool>* interrupted,
                                                                SideObserver& observer) {
  if (absl::Status status = CheckSides(sides, reach); !status.ok()) return status;
  const std::string local_agent = reach.local_agent;
  auto dispatcher = std::make_unique<AgentDispatcher>(std::move(reach), std::move(run_id), interrupted, observer);
  for (SideConfig& side : sides) {
    auto vantage = ParseVantage(side.vantage, local_agent);
    if (!vantage.ok()) return vantage.status();
    dispatcher->Add(std::move(side), *std::move(vantage));
  }
  return dispatcher;
}

}  // namespace parallax::dispatch
