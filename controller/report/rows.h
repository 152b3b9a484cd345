// The rows of the side-by-side table, from a Comparison: steps in rows, sides in columns. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_ROWS_H_
#define PARALLAX_CONTROLLER_REPORT_ROWS_H_

#include <string>
#include <vector>

#include "controller/report/page.h"
#include "parallax/v1/comparison.pb.h"

namespace parallax::report {

struct Row {
  std::string label;
  std::vector<Span> cells;  // one a side, in the order of the comparison; none: a heading over the rows that follow
  std::string subject;      // before the first cell of every table: what this row is about
  std::string note;         // beside the cells
  bool first_difference = false;
};

std::vector<Row> Rows(const v1::Comparison& comparison);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_ROWS_H_
