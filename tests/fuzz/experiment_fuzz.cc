// What stands in a file that claims to be an experiment.
#include "controller/experiment/loader.h"
#include "tests/fuzz/fuzzed_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using parallax::fuzz::Require;
  const auto experiment = parallax::experiment::Load(parallax::fuzz::View(data, size), "file.yaml");
  if (experiment.ok()) {
    parallax::v1::Experiment again;
    Require(again.ParseFromString(experiment->SerializeAsString()));
    return 0;
  }
  // The caller shows it on a terminal, with the place first.
  Require(absl::IsInvalidArgument(experiment.status()));
  Require(experiment.status().message().substr(0, 9) == "file.yaml");
  return 0;
}
