// The verdict of one target, its evidence and what to do, for people. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_VERDICT_H_
#define PARALLAX_CONTROLLER_REPORT_VERDICT_H_

#include "controller/report/page.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::report {

void DrawVerdict(const v1::TargetReport& target, Page& page);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_VERDICT_H_
