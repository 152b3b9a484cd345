#include <string>

#include "absl/strings/str_cat.h"
#include "controller/cli/commands.h"
#include "controller/cli/say.h"
#include "controller/cli/stored_run.h"
#include "controller/diagnose/diagnose.h"

namespace parallax::cli {

int Show(const ShowFlags& flags) {
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  const auto stored = FetchRun(flags.store, flags.run);
  if (!stored.ok()) return UsageError(std::string(stored.status().message()));
  const v1::Report report = diagnose::MakeReport(stored->run);
  const auto status = Render(stored->run, report, flags.form, *output);
  if (!status.ok()) return UsageError(std::string(status.message()));
  return diagnose::ExitCode(report);
}

}  // namespace parallax::cli
