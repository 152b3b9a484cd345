// A run as one HTML file for an e-mail or a ticket: it asks nothing of the network, needs no script, and holds the run
// itself. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_HTML_HTML_H_
#define PARALLAX_CONTROLLER_REPORT_HTML_HTML_H_

#include <cstddef>
#include <string>

#include "controller/report/sheet/sheet.h"

namespace parallax::report {

// What a mail gateway lets through. What does not fit is left out and said to be: connections first, then the run.
inline constexpr size_t kMaxPageBytes = 300 * 1000;

std::string Html(const Sheet& sheet);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_HTML_HTML_H_
