#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "controller/cli/commands.h"
#include "controller/cli/dry_run.h"
#include "controller/cli/exit_codes.h"
#include "controller/cli/experiment_run.h"
#include "controller/cli/one_run.h"
#include "controller/cli/say.h"
#include "controller/cli/terminal.h"
#include "controller/experiment/judge.h"
#include "controller/experiment/loader.h"
#include "controller/experiment/yaml_tree.h"
#include "controller/report/experiment_report.h"

namespace parallax::cli {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const auto unreadable = [&](int error) {
    return absl::NotFoundError(absl::StrCat("cannot read ", contract::Printable(path, 200), " (", std::strerror(error),
                                            "): name an experiment, as in parallax run experiment.yaml"));
  };
  // It can be opened, and only reading fails then, in words of the library's.
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return unreadable(EISDIR);
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(errno);
  // One more than is allowed shows that there was more, and nothing larger is held.
  std::string text(experiment::kMaxYamlBytes + 1, '\0');
  errno = 0;
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return unreadable(errno);
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace

int RunFile(const RunFlags& flags, const std::atomic<bool>& interrupted) {
  if (flags.dry_run && flags.form.format == "junit") {
    return UsageError("--format junit is of results, and --dry-run has none: take --format text or json with it");
  }
  const auto text = ReadFile(flags.file);
  if (!text.ok()) return UsageError(std::string(text.status().message()));
  const std::string name = contract::Printable(flags.file, 200);
  const auto experiment = experiment::Load(*text, name, flags.overrides, CheckSide);
  if (!experiment.ok()) return UsageError(std::string(experiment.status().message()));
  const auto points = PreparePoints(*experiment, flags.reach);
  if (!points.ok()) return UsageError(absl::StrCat(name, ": ", std::string(points.status().message())));
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
  auto store = OpenStoreFor(flags.store, flags.no_store);
  if (!store.ok()) return UsageError(std::string(store.status().message()));

  ProgressLine progress;
  const v1::ExperimentResult result =
      RunExperiment(*experiment, *points, interrupted, store->get(), [&](const std::string& line) {
        if (line.empty()) {
          progress.Clear();  // a step is about to speak
        } else {
          progress.Show(line);
        }
      });
  progress.Clear();
  const int code = experiment::ExitCode(result);
  const std::string& format = flags.form.format;
  const auto status = output->Write(format == "json"    ? report::ExperimentJson(result, code)
                                    : format == "junit" ? report::JUnit(result)
                                                        : report::ExperimentText(result, options, flags.store));
  if (!status.ok()) {
    return UsageError(absl::StrCat(
        std::string(status.message()),
        *store == nullptr ? ""
                          : absl::StrCat(". Its runs are kept: parallax history", report::StoreFlag(flags.store))));
  }
  return code;
}

}  // namespace parallax::cli
