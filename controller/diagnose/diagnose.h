// From a Comparison to findings. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_DIAGNOSE_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_DIAGNOSE_H_

#include <span>
#include <string_view>
#include <vector>

#include "controller/diagnose/cause.h"
#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/finding.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::diagnose {

v1::Diagnosis Diagnose(const v1::Comparison& comparison);

// The same with another table of causes. The order of its rows changes nothing.
v1::Diagnosis DiagnoseBy(std::span<const Cause> causes, const v1::Comparison& comparison);

// What every atom answers, in the table's order.
struct AtomAnswer {
  std::string_view name;
  Reading reading;
};
std::vector<AtomAnswer> AtomAnswers(const v1::Comparison& comparison);

// compare + diagnose for every target, and the worst of them.
v1::Report MakeReport(const v1::Run& run);

// 0, 1 or 3: 0 every side healthy and alike; 1 a fault was found, or the target fails on the one side that was asked; 3
// cannot tell, and no cause named.
int ExitCode(const v1::Report& report);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_DIAGNOSE_H_
