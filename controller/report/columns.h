// Draws rows as columns on a page: labels, one column a side, notes. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_COLUMNS_H_
#define PARALLAX_CONTROLLER_REPORT_COLUMNS_H_

#include <string>
#include <vector>

#include "controller/report/page.h"
#include "controller/report/sheet/rows.h"

namespace parallax::report {

// `sides` are the headings, one for each cell of a row. Sides that do not fit beside each other come in a table below.
void DrawRows(const std::vector<std::string>& sides, const std::vector<Row>& rows, Page& page);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_COLUMNS_H_
