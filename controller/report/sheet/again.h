// The command that asks once more what a run asked. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_AGAIN_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_AGAIN_H_

#include <string>

#include "parallax/v1/run.pb.h"

namespace parallax::report {

// `parallax compare ...`, or `parallax probe ...` of a run with one side, as a shell reads it. What the run does not
// hold, the value of a secret above all, is not in it; a vantage is as it was stored.
std::string CommandAgain(const v1::Run& run);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_AGAIN_H_
