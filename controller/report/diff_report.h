// Two runs beside each other: what is otherwise in the second. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_DIFF_REPORT_H_
#define PARALLAX_CONTROLLER_REPORT_DIFF_REPORT_H_

#include <string>
#include <vector>

#include "controller/report/report.h"
#include "parallax/v1/experiment.pb.h"
#include "parallax/v1/finding.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::report {

struct DiffSide {
  const v1::Run& run;
  const v1::Report& report;
};

// One thing that may differ, in words. `what` is "status", "cause", "outside rung", ...
struct DiffLine {
  std::string what;
  std::string before;
  std::string after;
};

// For each target of both runs, by its URL; what differs and what does not. A target that one run lacks is a line too.
struct TargetDiff {
  std::string url;
  std::vector<DiffLine> lines;
};
std::vector<TargetDiff> Diff(const DiffSide& before, const DiffSide& after);

bool Differs(const std::vector<TargetDiff>& diffs);

// Whether both runs are of the same URLs. The times of others are not to be set against each other.
bool SameTargets(const DiffSide& before, const DiffSide& after);

// `changes` are the times of the steps, after against before; none when the targets are not the same, which is said
// instead.
std::string DiffText(const DiffSide& before, const DiffSide& after, const std::vector<v1::Change>& changes,
                     const TextOptions& options);
std::string DiffJson(const DiffSide& before, const DiffSide& after, const std::vector<v1::Change>& changes);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_DIFF_REPORT_H_
