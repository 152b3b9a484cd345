// What is expected of an experiment: read out of its YAML. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_EXPECTATIONS_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_EXPECTATIONS_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/experiment/reader.h"
#include "parallax/v1/experiment.pb.h"

namespace parallax::experiment {

// A status ("healthy"), a map of cause, status and metrics ("outside.connect.p95_ms: '< 80'"), {before:, after:} of
// those, or a list of them, each with `when: {KEY: VALUE}` for some points of the matrix and `stage:`. Appends to
// experiment->expect; sides, matrix and change are read from it, so they come first.
absl::Status ReadExpectations(const YamlNode& node, const Reader& reader, v1::Experiment* experiment);

// "outside.connect.p95_ms" and "< 80", "lower". InvalidArgument without a place. The steps are
// those of StepNames.
absl::StatusOr<v1::MetricExpectation> ParseMetric(std::string_view name, std::string_view value,
                                                  const v1::Experiment& experiment);

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_EXPECTATIONS_H_
