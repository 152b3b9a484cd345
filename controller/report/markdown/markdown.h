// A run as Markdown, for pasting into a ticket. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_MARKDOWN_MARKDOWN_H_
#define PARALLAX_CONTROLLER_REPORT_MARKDOWN_MARKDOWN_H_

#include <string>

#include "controller/report/sheet/sheet.h"

namespace parallax::report {

std::string Markdown(const Sheet& sheet);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_MARKDOWN_MARKDOWN_H_
