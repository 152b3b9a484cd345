// The rows of the side-by-side table, from a Comparison: steps in rows, sides in columns. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_ROWS_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_ROWS_H_

#include <string>
#include <vector>

#include "controller/report/sheet/span.h"
#include "parallax/v1/comparison.pb.h"

namespace parallax::report {

// When a step ran in the attempt that stands for its side, from the start of that attempt, in milliseconds.
struct Timing {
  double start_ms = 0;
  double ms = -1;  // how long it took; negative: the side has no such step
  bool failed = false;
};

struct Row {
  std::string label;
  std::vector<Span> cells;  // one a side, in the order of the comparison; none: a heading over the rows that follow
  std::string subject;      // before the first cell of every table: what this row is about
  std::string note;         // beside the cells
  bool first_difference = false;
  Ref ref;                          // what the row shows; with no side, for it shows all
  std::vector<Timing> timings;      // one a cell, of a step of a probe that is timed step by step; else empty
  std::vector<std::string> probes;  // of a row that sums up several
};

std::vector<Row> Rows(const v1::Comparison& comparison);

// The rows of what must not connect, and of what must answer.
void AddNegativeControls(const v1::Comparison& comparison, std::vector<Row>* rows);
void AddPositiveControls(const v1::Comparison& comparison, std::vector<Row>* rows);

// A row in which nothing stands yet.
Row NewRow(const v1::Comparison& comparison, std::string label);

// The attempt that stands for the side: the first that ended as most did; nullptr when none was observed.
const v1::Observation* Representative(const v1::SideOutcome& outcome);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_ROWS_H_
