// Is what was expected of an experiment what was seen? Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_JUDGE_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_JUDGE_H_

#include "parallax/v1/experiment.pb.h"

namespace parallax::experiment {

// Fills summaries, changes and verdicts of every point from its runs and samples. A status or a cause is met when every
// run of the stage has it; a metric over the samples of the stage, in which an attempt that failed is slower than any.
// What could not be seen (no run, no sample, a side that was missing or lost on the way, a run or an attempt that never
// came to the step, too few runs for a test) is undecided, never met. Without expectations every point is expected to
// be healthy, after the change where there is one.
void Judge(v1::ExperimentResult* result);

// 0 all met; 1 one is not met; 3 none is unmet and one is undecided, or it ended before its end; 130 interrupted.
int ExitCode(const v1::ExperimentResult& result);

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_JUDGE_H_
