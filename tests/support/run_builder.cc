#include "tests/support/run_builder.h"

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/digest.h"
#include "contract/limits.h"
#include "controller/conduct/phases.h"
#include "controller/plan/health.h"
#include "controller/plan/target_url.h"

namespace parallax::support {
namespace {

v1::Target MustParse(const std::string& url) {
  auto parsed = plan::ParseTarget(url);
  if (!parsed.ok()) {
    std::cerr << parsed.status() << "\n";
    std::abort();
  }
  return parsed->target;
}

void AddDigest(const v1::Side& side, v1::Phase* phase) {
  v1::PhaseDigest* digest = phase->add_sides();
  digest->set_side(side.name());
  digest->set_digest(phase->digest());
}

// All agents at once: what each side's world answers.
class Worlds final : public dispatch::Dispatcher {
 public:
  Worlds(const std::deque<SideWorld>& worlds, const std::vector<Attempt>& health_answers)
      : worlds_(worlds), health_answers_(health_answers) {}

  void Connect(v1::Run& run) override {
    for (const SideWorld& world : worlds_) *run.add_sides() = world.side;
  }

  void RunPhase(const v1::Plan& plan, std::string why, v1::Run& run) override {
    v1::Phase* phase = AddPhase(plan, std::move(why), run);
    for (const SideWorld& world : worlds_) {
      const bool never_came = !world.side.missing().empty() && world.lost_after == 0;
      if (never_came || !world.side.health_url().empty()) continue;
      AddDigest(world.side, phase);
      for (const v1::ProbeSpec& spec : plan.probes()) {
        for (uint32_t number = 1; number <= plan.attempts(); ++number) {
          if (world.lost_after > 0 && number > world.lost_after) break;
          std::optional<Attempt> attempt = world.Answer(spec, number);
          if (attempt.has_value()) Keep(world.side, spec, number, *std::move(attempt), run);
        }
      }
    }
  }

  void RunHealthPhase(const std::string& side, const v1::Plan& plan, std::string why, v1::Run& run) override {
    v1::Phase* phase = AddPhase(plan, std::move(why), run);
    for (const SideWorld& world : worlds_) {
      if (world.side.name() != side) continue;
      AddDigest(world.side, phase);
      for (size_t i = 0; i < health_answers_.size(); ++i) {
        Keep(world.side, plan.probes(0), static_cast<uint32_t>(i + 1), health_answers_[i], run);
      }
    }
  }

  void Close() override {}

 private:
  static v1::Phase* AddPhase(const v1::Plan& plan, std::string why, v1::Run& run) {
    v1::Phase* phase = run.add_phases();
    phase->set_plan_bytes(plan.SerializeAsString());
    phase->set_digest(contract::Digest(phase->plan_bytes()));
    phase->set_why(std::move(why));
    return phase;
  }

  static void Keep(const v1::Side& side, const v1::ProbeSpec& spec, uint32_t number, Attempt attempt, v1::Run& run) {
    attempt.set_probe(spec.name());
    attempt.set_attempt(number);
    v1::SideObservation* kept = run.add_observations();
    kept->set_side(side.name());
    kept->set_phase(static_cast<uint32_t>(run.phases_size() - 1));
    *kept->mutable_observation() = std::move(attempt);
  }

  const std::deque<SideWorld>& worlds_;
  const std::vector<Attempt>& health_answers_;
};

}  // namespace

RunBuilder::RunBuilder(const std::string& url, CarriedBy outside, double rtt_ms) {
  worlds_.emplace_back("inside", CarriedBy::kInside, 0.4);
  worlds_.emplace_back("outside", outside, rtt_ms);
  AddTarget(url);
  const v1::Target& target = options.targets.front();
  if (outside == CarriedBy::kForward) {
    v1::ConnectTo* map = Outside().side.add_connect_to();
    map->set_host(target.host());
    map->set_port(target.port());
    map->set_to_host("127.0.0.1");
    map->set_to_port(15432);
  }
}

RunBuilder& RunBuilder::AddTarget(const std::string& url) {
  options.targets.push_back(MustParse(url));
  options.targets.back().set_credentials(true);
  options.password_refs.emplace_back("env:PGPASSWORD");
  return *this;
}

RunBuilder& RunBuilder::Control(const std::string& url) {
  options.controls.push_back(MustParse(url));
  return *this;
}

RunBuilder& RunBuilder::WithoutCredentials() {
  for (v1::Target& target : options.targets) target.set_credentials(false);
  for (std::string& ref : options.password_refs) ref.clear();
  for (SideWorld& world : worlds_) world.conversation.credentials = false;
  return *this;
}

RunBuilder& RunBuilder::Repeats(uint32_t repeats) {
  options.repeats = repeats;
  return *this;
}

RunBuilder& RunBuilder::Investigate() {
  investigate_ = true;
  return *this;
}

SideWorld& RunBuilder::Witness(const std::string& name, CarriedBy way, double rtt_ms) {
  SideWorld& world = worlds_.emplace_back(name, way, rtt_ms);
  // A host of its own: two agents on one host are one witness.
  v1::HostFacts* host = world.side.mutable_agent()->mutable_host();
  host->set_hostname(name);
  host->set_network_namespace(absl::StrCat("40265", worlds_.size()));
  if (host->interfaces_size() > 1)
    host->mutable_interfaces(1)->set_addresses(0, absl::StrCat("10.0.3.11", worlds_.size(), "/22"));
  return world;
}

v1::Run RunBuilder::Build() const {
  v1::Run run;
  run.set_id("7f3a00c0ffee");
  run.set_version(contract::kRunVersion);
  run.set_controller_version("test");
  run.set_started_unix_ns(1'790'000'000'000'000'000);
  for (const v1::Target& target : options.targets) *run.add_targets() = target;
  conduct::Questions questions{options, {}, investigate_};
  const v1::Side& inside = worlds_[0].side;
  if (!inside.health_url().empty()) {
    questions.health.push_back({inside.name(), *plan::ParseHealthUrl(inside.health_url())});
  }
  const std::atomic<bool> never{false};
  conduct::Observer nobody;
  const auto agents = Agents();
  agents->Connect(run);
  conduct::RunPhases(questions, never, *agents, nobody, nullptr, run);
  return run;
}

std::unique_ptr<dispatch::Dispatcher> RunBuilder::Agents() const {
  return std::make_unique<Worlds>(worlds_, health_answers_);
}

RunBuilder& RunBuilder::InsideIsHealth(const std::string& url, std::vector<Attempt> answers) {
  v1::Side& side = Inside().side;
  side.clear_agent();
  side.set_vantage(url);
  side.set_health_url(url);
  health_answers_ = std::move(answers);
  return *this;
}

}  // namespace parallax::support
