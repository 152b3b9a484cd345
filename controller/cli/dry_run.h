// What an experiment would do, without doing it. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_CLI_DRY_RUN_H_
#define PARALLAX_CONTROLLER_CLI_DRY_RUN_H_

#include <string>
#include <vector>

#include "controller/conduct/request.h"
#include "controller/report/report.h"
#include "parallax/v1/experiment.pb.h"

namespace parallax::cli {

// The steps, the points with their targets, the order of the first rounds, and the probes of a run as the planner makes
// them; "ADDRESS" stands for what a name will lead to.
std::string DryRunText(const v1::Experiment& experiment, const std::vector<conduct::Prepared>& points,
                       const report::TextOptions& options);
// {"schemaVersion", "dryRun": true, "experiment", "runs", "points": [{"label", "targets", "probes"}]}
std::string DryRunJson(const v1::Experiment& experiment, const std::vector<conduct::Prepared>& points);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_DRY_RUN_H_
