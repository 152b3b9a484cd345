// The verdict of one target, its evidence and what to do, for people. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_VERDICT_H_
#define PARALLAX_CONTROLLER_REPORT_VERDICT_H_

#include <string>
#include <vector>

#include "controller/report/page.h"
#include "controller/report/sheet/verdict.h"

namespace parallax::report {

// What to do, under `label`: sentences wrapped, commands kept such that they can be copied.
void DrawRemedy(const std::string& label, const std::vector<std::string>& lines, Page& page);

void DrawVerdict(const Verdict& verdict, Page& page);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_VERDICT_H_
