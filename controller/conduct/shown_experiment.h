// An experiment as it is shown, stored and exported. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_CONDUCT_SHOWN_EXPERIMENT_H_
#define PARALLAX_CONTROLLER_CONDUCT_SHOWN_EXPERIMENT_H_

#include <string>

#include "parallax/v1/experiment.pb.h"

namespace parallax::conduct {

// Without the secrets in the commands of its sides and steps (dispatch/mask.h), and without the command that gives the
// password (contract::ShownRef). Not to be run.
v1::Experiment ShownExperiment(v1::Experiment experiment);

// What a step does, in one line: its command, or "pause: WHY".
std::string ShownStep(const v1::ExperimentStep& step);

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_SHOWN_EXPERIMENT_H_
