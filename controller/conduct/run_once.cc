#include "controller/conduct/run_once.h"

#include <chrono>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/headroom.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/conduct/local_agent.h"
#include "controller/diagnose/diagnose.h"
#include "controller/plan/health.h"

namespace parallax::conduct {
namespace {

constexpr int kInvestigations = 3;

int64_t UnixNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The phases, until all is known that the plans can tell, or we are interrupted. `keeper` may be null.
void RunPhases(const Prepared& prepared, const std::atomic<bool>& interrupted, dispatch::Dispatcher& dispatcher,
               Keeper* keeper, v1::Run& run) {
  const plan::Options& options = prepared.options;
  const auto phase = [&](const v1::Plan& plan, std::string why) {
    if (plan.probes_size() == 0 || interrupted) return;
    dispatcher.RunPhase(plan, std::move(why), run);
    if (keeper != nullptr) keeper->KeepSoFar(run);
  };
  phase(plan::PlanNames(options), "what each side resolves the names to");
  phase(plan::PlanLocate(options, run), "which route and which tunnel carry the target on each side");
  phase(plan::PlanProbe(options, run), "the target and its controls, from every side");
  for (const HealthSide& side : prepared.health) {
    if (interrupted) break;
    dispatcher.RunHealthPhase(side.name, plan::PlanHealth(options, side.endpoint), "what the health endpoint says",
                              run);
    if (keeper != nullptr) keeper->KeepSoFar(run);
  }
  for (int i = 0; i < kInvestigations && prepared.investigate && !interrupted; ++i) {
    const v1::Report report = diagnose::MakeReport(run);
    const auto plan = plan::PlanInvestigation(options, run, {report.targets().begin(), report.targets().end()});
    if (!plan.has_value() || plan->probes_size() == 0) return;
    std::string why;
    std::set<std::string> said;
    for (const v1::ProbeSpec& probe : plan->probes()) {
      if (probe.why().empty() || !said.insert(probe.why()).second) continue;
      absl::StrAppend(&why, why.empty() ? "" : "; ", probe.why());
    }
    phase(*plan, why);
  }
}

v1::Run NewRun(const Prepared& prepared) {
  v1::Run run;
  run.set_id(NewRunId());
  run.set_version(contract::kRunVersion);
  run.set_controller_version(PARALLAX_VERSION);
  run.set_title(contract::Printable(prepared.title, 200));
  run.set_started_unix_ns(UnixNs());
  for (const v1::Target& target : prepared.options.targets) *run.add_targets() = target;
  if (!prepared.place.execution().empty()) *run.mutable_place() = prepared.place;
  return run;
}

}  // namespace

absl::Status CheckRoom(size_t sides) {
  const int many = static_cast<int>(sides);
  return contract::CheckHeadroom({32 + 16 * many, 16 + 2 * many, size_t{64} << 20});
}

absl::StatusOr<FinishedRun> RunOnce(const Prepared& prepared, const std::atomic<bool>& interrupted, Keeper* keeper,
                                    const std::function<void(const std::string&)>& progress) {
  FinishedRun finished;
  v1::Run& run = finished.run;
  run = NewRun(prepared);
  auto dispatcher = dispatch::Dispatcher::Create(prepared.sides, prepared.reach, run.id(), &interrupted,
                                                 [&](const dispatch::Progress& step) { progress(step.text); });
  if (!dispatcher.ok()) return dispatcher.status();
  const auto begun = std::chrono::steady_clock::now();
  (*dispatcher)->Connect(run);
  RunPhases(prepared, interrupted, **dispatcher, keeper, run);
  (*dispatcher)->Close();
  run.set_duration_ns(std::chrono::nanoseconds(std::chrono::steady_clock::now() - begun).count());
  if (interrupted) run.set_interrupted(true);
  NoteSecretOrigins(prepared.secrets, run);

  finished.report = diagnose::MakeReport(run);
  if (keeper == nullptr) return finished;
  const auto worst = static_cast<int>(finished.report.worst());
  const std::string cause =
      worst < finished.report.targets_size() ? finished.report.targets(worst).diagnosis().verdict().cause() : "";
  keeper->Keep(run, contract::Name(finished.report.status()), cause);
  return finished;
}

}  // namespace parallax::conduct
