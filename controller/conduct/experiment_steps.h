// The steps between the measurements of an experiment: a command, or a person who is waited for.
#ifndef PARALLAX_CONTROLLER_CONDUCT_EXPERIMENT_STEPS_H_
#define PARALLAX_CONTROLLER_CONDUCT_EXPERIMENT_STEPS_H_

#include <atomic>
#include <chrono>
#include <string>

#include "parallax/v1/experiment.pb.h"

namespace parallax::conduct {

// Why this step could not be carried out now: its program is not there, or nobody is at stdin who could press enter. ""
// when nothing is known against it.
std::string WhyNever(const v1::ExperimentStep& step);

// Carries one step out; `part` is "before", "change" or "after". Blocks until it is done, its timeout, the `deadline`
// of the whole, or `interrupted`.
//
// A command is split as a shell splits words and run without a shell, in a process group of its own, with no standard
// input and not in the terminal's foreground; what it prints goes to stderr. It is done when it ends: what it left
// running in the background goes on, but its output leads nowhere then, and a write ends it (SIGPIPE) unless it was
// sent elsewhere. One that fails, is killed, waits for the terminal, or does not end in time is the result's `error`,
// with the last that it printed; its whole group is ended then. A pause writes its words to stderr and waits for a line
// on stdin that is typed from then on; when stdin ends there is nobody to press enter, and that is an error too.
v1::StepResult CarryOut(const v1::ExperimentStep& step, const std::string& part, const std::atomic<bool>& interrupted,
                        std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_EXPERIMENT_STEPS_H_
