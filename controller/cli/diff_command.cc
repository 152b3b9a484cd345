#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/cli/commands.h"
#include "controller/cli/exit_codes.h"
#include "controller/cli/say.h"
#include "controller/cli/stored_run.h"
#include "controller/cli/terminal.h"
#include "controller/diagnose/diagnose.h"
#include "controller/experiment/samples.h"
#include "controller/report/diff_report.h"
#include "controller/report/redact/redact.h"

namespace parallax::cli {

int DiffRuns(const DiffFlags& flags) {
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  auto before = FetchRun(flags.store, flags.before);
  if (!before.ok()) return UsageError(std::string(before.status().message()));
  auto after = FetchRun(flags.store, flags.after);
  if (!after.ok()) return UsageError(std::string(after.status().message()));
  if (flags.form.redact) {
    report::Redactor redactor({&before->run, &after->run});
    before->run = redactor.Redacted(std::move(before->run));
    after->run = redactor.Redacted(std::move(after->run));
  }
  const v1::Report before_report = diagnose::MakeReport(before->run);
  const v1::Report after_report = diagnose::MakeReport(after->run);
  const report::DiffSide first{before->run, before_report};
  const report::DiffSide second{after->run, after_report};
  std::vector<v1::Change> changes;
  if (report::SameTargets(first, second)) {
    google::protobuf::RepeatedPtrField<v1::Sample> samples;
    experiment::AddRun(before->run, "before", &samples);
    experiment::AddRun(after->run, "after", &samples);
    changes = experiment::Changes(samples, {"in the first run", "in the second run"});
  }
  report::TextOptions options;
  options.colour = output->is_stdout() ? UseColour(flags.form.color, STDOUT_FILENO) : flags.form.color == "always";
  options.columns = output->is_stdout() ? Columns(STDOUT_FILENO) : report::TextOptions().columns;
  const auto status = output->Write(flags.form.format == "json" ? report::DiffJson(first, second, changes)
                                                                : report::DiffText(first, second, changes, options));
  if (!status.ok()) return UsageError(std::string(status.message()));
  return report::Differs(report::Diff(first, second)) ? kExitFault : kExitHealthy;
}

}  // namespace parallax::cli
