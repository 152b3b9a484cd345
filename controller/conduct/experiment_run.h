// Carries an experiment out: its steps, and its runs in their order, one after the other.
#ifndef PARALLAX_CONTROLLER_CONDUCT_EXPERIMENT_RUN_H_
#define PARALLAX_CONTROLLER_CONDUCT_EXPERIMENT_RUN_H_

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/conduct/request.h"
#include "controller/conduct/run_once.h"
#include "parallax/v1/experiment.pb.h"

namespace parallax::conduct {

// What each point asks, in the order of experiment::Points. InvalidArgument or NotFound as Prepare says it.
absl::StatusOr<std::vector<Prepared>> PreparePoints(const v1::Experiment& experiment, const ReachRequest& reach);

// Runs every point in every round, before and after the change. Every run stands by itself, with agents of its own, so
// that what a step breaks or mends is met as it is. It ends early, and says why, when a step before or between fails,
// at the deadline, and when interrupted. The steps after are carried out all the same, and neither ends their commands:
// what was set up is to be taken down. None waits for a person after an interrupt. `takes_time` (may be null) is called
// before the first of them: an interrupt must not cut them short by a deadline.
v1::ExperimentResult RunExperiment(const v1::Experiment& experiment, const std::vector<Prepared>& points,
                                   const Means& means, const std::function<void()>& takes_time = nullptr);

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_EXPERIMENT_RUN_H_
