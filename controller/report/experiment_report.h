// The result of an experiment: as text for people, as JSON, and as JUnit for what runs tests. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_EXPERIMENT_REPORT_H_
#define PARALLAX_CONTROLLER_REPORT_EXPERIMENT_REPORT_H_

#include <string>

#include "controller/report/report.h"
#include "parallax/v1/experiment.pb.h"

namespace parallax::report {

// " --store PATH" as a shell reads it, for commands that are shown; "" for the default store.
std::string StoreFlag(const std::string& store);

// Every line fits the columns. `store` is the --store that was named, for the commands that it shows; "" the default.
std::string ExperimentText(const v1::ExperimentResult& result, const TextOptions& options,
                           const std::string& store = "");

// One JSON document: the whole result with `exitCode` and `schemaVersion`; see controller/report/README.md.
std::string ExperimentJson(const v1::ExperimentResult& result, int exit_code);

// JUnit's XML, as Jenkins, GitLab and others read it: the experiment is a suite, every verdict a test case; one that
// could not be judged is an error, one that is not met a failure.
std::string JUnit(const v1::ExperimentResult& result);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_EXPERIMENT_REPORT_H_
