// From YAML to an Experiment, with the place of every error. Pure; thread-safe.
//
// The format is described in deploy/experiments/README.md; the keys are a table in loader.cc.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_LOADER_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_LOADER_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "parallax/v1/experiment.pb.h"

namespace parallax::experiment {

// Whether that vantage can be that side, in words without a place: what vantages there are is known elsewhere.
using SideCheck = std::function<absl::Status(const std::string& name, const std::string& vantage)>;

// `file` is what errors call it; `overrides` are KEY=VALUE, with a dotted key ("sides.inside") and a value in YAML,
// laid over the file in order. InvalidArgument "FILE:LINE:COLUMN: ..." names the key, the nearest known one, and what a
// right value is. A password in a target's URL is refused and never repeated.
absl::StatusOr<v1::Experiment> Load(std::string_view text, const std::string& file,
                                    const std::vector<std::string>& overrides = {}, const SideCheck& check = {});

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_LOADER_H_
