#include "controller/conduct/run_once.h"

#include <chrono>
#include <string>
#include <utility>

#include "contract/headroom.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/conduct/local_agent.h"
#include "controller/conduct/phases.h"
#include "controller/diagnose/diagnose.h"

namespace parallax::conduct {
namespace {

int64_t UnixNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

v1::Run NewRun(const Prepared& prepared) {
  v1::Run run;
  run.set_id(NewRunId());
  run.set_version(contract::kRunVersion);
  run.set_controller_version(PARALLAX_VERSION);
  run.set_title(contract::Printable(prepared.title, 200));
  run.set_started_unix_ns(UnixNs());
  for (const v1::Target& target : prepared.questions.options.targets) *run.add_targets() = target;
  if (!prepared.place.execution().empty()) *run.mutable_place() = prepared.place;
  return run;
}

}  // namespace

absl::Status CheckRoom(size_t sides) {
  const int many = static_cast<int>(sides);
  return contract::CheckHeadroom({32 + 16 * many, 16 + 2 * many, size_t{64} << 20});
}

absl::StatusOr<FinishedRun> RunOnce(const Prepared& prepared, const Means& means) {
  FinishedRun finished;
  v1::Run& run = finished.run;
  run = NewRun(prepared);
  auto dispatcher = means.make_dispatcher(prepared.sides, prepared.reach, run.id(), &means.interrupted, means.observer);
  if (!dispatcher.ok()) return dispatcher.status();
  means.observer.RunBegins(run);
  const auto begun = std::chrono::steady_clock::now();
  (*dispatcher)->Connect(run);
  // After every phase: whoever is killed loses the phase at hand and no more.
  const auto keep = [&](const v1::Run& so_far) {
    if (means.keeper != nullptr) means.keeper->KeepSoFar(so_far);
  };
  RunPhases(prepared.questions, means.interrupted, **dispatcher, means.observer, keep, run);
  (*dispatcher)->Close();
  run.set_duration_ns(std::chrono::nanoseconds(std::chrono::steady_clock::now() - begun).count());
  if (means.interrupted) run.set_interrupted(true);
  NoteSecretOrigins(prepared.secrets, run);

  finished.report = diagnose::MakeReport(run);
  means.observer.RunEnds(run, finished.report);
  if (means.keeper == nullptr) return finished;
  const auto worst = static_cast<int>(finished.report.worst());
  const std::string cause =
      worst < finished.report.targets_size() ? finished.report.targets(worst).diagnosis().verdict().cause() : "";
  means.keeper->Keep(run, contract::Name(finished.report.status()), cause);
  return finished;
}

}  // namespace parallax::conduct
