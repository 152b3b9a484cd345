// An experiment whose keys have all been read: is it whole, and does it go together? Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_COMPLETE_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_COMPLETE_H_

#include "absl/status/status.h"
#include "controller/experiment/reader.h"
#include "parallax/v1/experiment.pb.h"

namespace parallax::experiment {

// Sets the defaults of what was not said. InvalidArgument, at its place in `root`, when something is missing, when keys
// exclude each other, when a key would do nothing, and when there would be too many runs.
absl::Status Complete(const YamlNode& root, const Reader& reader, v1::Experiment* experiment);

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_COMPLETE_H_
