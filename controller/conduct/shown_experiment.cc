#include "controller/conduct/shown_experiment.h"

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/secret_names.h"
#include "controller/dispatch/mask.h"

namespace parallax::conduct {

v1::Experiment ShownExperiment(v1::Experiment experiment) {
  experiment.set_password_from(contract::ShownRef(experiment.password_from()));
  for (v1::NamedVantage& side : *experiment.mutable_sides()) side.set_vantage(dispatch::MaskCommand(side.vantage()));
  for (auto* steps : {experiment.mutable_before(), experiment.mutable_change(), experiment.mutable_after()}) {
    for (v1::ExperimentStep& step : *steps) step.set_command(dispatch::MaskCommand(step.command()));
  }
  return experiment;
}

std::string ShownStep(const v1::ExperimentStep& step) {
  return step.pause().empty() ? dispatch::MaskCommand(step.command())
                              : absl::StrCat("pause: ", contract::Printable(step.pause()));
}

}  // namespace parallax::conduct
