// From the runs of a point to samples of its steps' times, their summaries, and after against before. Pure;
// thread-safe.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_SAMPLES_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_SAMPLES_H_

#include <string>
#include <vector>

#include "parallax/v1/experiment.pb.h"
#include "parallax/v1/observation.pb.h"
#include "parallax/v1/probe.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::experiment {

// Adds what a run saw of its targets (and of the real client beside them) to the samples, by side and step, in the
// order of the steps. Rows of the sslmode matrix and the like, which carry a variant, are left out. "total" is the
// whole probe.
//
// An attempt that never came to a step is `unreached` there, whether it ended before or was never heard of, so that the
// few that came do not speak for all. Which steps there are to come to is what any attempt of such a probe showed on
// any side of that run; one that succeeded without a step has none (no TLS, no password asked for).
void AddRun(const v1::Run& run, const std::string& stage, google::protobuf::RepeatedPtrField<v1::Sample>* samples);

// What a sample calls a step of such a probe: the real client's stand apart from the staged probe's, as "client_query".
std::string StepName(v1::Role role, v1::StepKind kind);
// All names that AddRun gives, in the order of the steps.
std::vector<std::string> StepNames();

v1::Summary Summarize(const v1::Sample& sample);

// "12 of 15 attempts never came to this step"; "" when all came.
std::string NeverCame(const v1::Sample& sample);

// What the two stages are called where one of them had nothing to compare.
struct StageWords {
  std::string before = "before the change";
  std::string after = "after the change";
};

// "5 of 15 attempts in 3 of 5 runs before, 0 of 15 attempts in 0 of 5 runs after".
std::string FailuresText(const v1::Sample& before, const v1::Sample& after);

// After against before, of one side and step: times and failures by a rank test each, at kAlpha. A run counts once, by
// the median of its attempts and by the share of them that failed: attempts of one run share their moment.
v1::Change ChangeOf(const v1::Sample& before, const v1::Sample& after, const StageWords& words = {});

// The same for every side and step with a sample in both stages. Each is tested alone: of twenty lines one may differ
// by chance, and a report says so.
std::vector<v1::Change> Changes(const google::protobuf::RepeatedPtrField<v1::Sample>& samples,
                                const StageWords& words = {});

// nullptr when there is none.
const v1::Sample* FindSample(const google::protobuf::RepeatedPtrField<v1::Sample>& samples, const std::string& side,
                             const std::string& step, const std::string& stage);

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_SAMPLES_H_
