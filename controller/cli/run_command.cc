#include <unistd.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/regular_file.h"
#include "controller/cli/commands.h"
#include "controller/cli/dry_run.h"
#include "controller/cli/exit_codes.h"
#include "controller/cli/interrupt.h"
#include "controller/cli/keeping.h"
#include "controller/cli/probing.h"
#include "controller/cli/progress.h"
#include "controller/cli/say.h"
#include "controller/cli/terminal.h"
#include "controller/conduct/experiment_run.h"
#include "controller/conduct/run_once.h"
#include "controller/dispatch/agent_dispatcher.h"
#include "controller/experiment/judge.h"
#include "controller/experiment/loader.h"
#include "controller/experiment/yaml_tree.h"
#include "controller/report/experiment_report.h"

namespace parallax::cli {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  // One more byte than is allowed: the loader says that there was more, and nothing larger is held.
  auto text = contract::ReadRegularFile(path, experiment::kMaxYamlBytes + 1);
  if (text.ok()) return text;
  if (absl::IsOutOfRange(text.status())) return std::string(experiment::kMaxYamlBytes + 1, ' ');
  return absl::NotFoundError(absl::StrCat("cannot read ", contract::Printable(path, 200), " (",
                                          std::string(text.status().message()),
                                          "): name an experiment, as in parallax run experiment.yaml"));
}

}  // namespace

int RunFile(const RunFlags& flags, Interrupt& interrupt) {
  if (flags.dry_run && flags.form.format == "junit") {
    return UsageError("--format junit is of results, and --dry-run has none: take --format text or json with it");
  }
  const auto text = ReadFile(flags.file);
  if (!text.ok()) return UsageError(std::string(text.status().message()));
  const std::string name = contract::Printable(flags.file, 200);
  const auto experiment = experiment::Load(*text, name, flags.overrides, conduct::CheckSide);
  if (!experiment.ok()) return UsageError(std::string(experiment.status().message()));
  const auto reach = ReadReach(flags.reach);
  if (!reach.ok()) return UsageError(std::string(reach.status().message()));
  const auto points = conduct::PreparePoints(*experiment, *reach);
  if (!points.ok()) return UsageError(absl::StrCat(name, ": ", std::string(points.status().message())));
  std::set<std::string> warned;
  for (const conduct::Prepared& point : *points) {
    for (const std::string& warning : point.warnings) {
      if (warned.insert(warning).second) Warn(warning);
    }
  }
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  report::TextOptions options;
  options.colour = output->is_stdout() ? UseColour(flags.form.color, STDOUT_FILENO) : flags.form.color == "always";
  options.columns = output->is_stdout() ? Columns(STDOUT_FILENO) : report::TextOptions().columns;
  if (flags.dry_run) {
    const auto status = output->Write(flags.form.format == "json" ? DryRunJson(*experiment, *points)
                                                                  : DryRunText(*experiment, *points, options));
    return status.ok() ? kExitHealthy : UsageError(std::string(status.message()));
  }
  if (const auto room = conduct::CheckRoom(static_cast<size_t>(experiment->sides_size())); !room.ok())
    return UsageError(std::string(room.message()));
  const auto keeper = OpenKeeper(flags.store, flags.no_store);
  if (!keeper.ok()) return UsageError(std::string(keeper.status().message()));

  ProgressLine progress;
  ProgressWords words([&](std::string_view line) { progress.Show(line); });
  const dispatch::MakeDispatcher make = &dispatch::MakeAgentDispatcher;
  const conduct::Means means{make, interrupt.flag(), words, keeper->get()};
  const v1::ExperimentResult result =
      conduct::RunExperiment(*experiment, *points, means, [&] { interrupt.TakeTime(); });
  progress.Clear();
  interrupt.EndAtOnce();
  int code = experiment::ExitCode(result);
  const std::string& format = flags.form.format;
  const auto status = output->Write(format == "json"    ? report::ExperimentJson(result, code)
                                    : format == "junit" ? report::JUnit(result)
                                                        : report::ExperimentText(result, options, flags.store));
  if (!status.ok()) {
    code = UsageError(absl::StrCat(
        std::string(status.message()),
        *keeper == nullptr ? ""
                           : absl::StrCat(". Its runs are kept: parallax history", report::StoreFlag(flags.store))));
  }
  const std::string unkept = *keeper == nullptr ? "" : (*keeper)->Finish(interrupt.flag());
  if (!unkept.empty()) Warn(unkept);
  return code;
}

}  // namespace parallax::cli
