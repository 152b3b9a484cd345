// What is to be said of a run: a value, with numbers. Every renderer draws this, and none looks for words of its own.
//
// Pure function of the run, its comparisons and its findings; thread-safe. A Sheet refers to the run and the report
// that it was made of, which must outlive it.
#ifndef PARALLAX_CONTROLLER_REPORT_SHEET_SHEET_H_
#define PARALLAX_CONTROLLER_REPORT_SHEET_SHEET_H_

#include <string>
#include <vector>

#include "controller/report/sheet/connections.h"
#include "controller/report/sheet/path.h"
#include "controller/report/sheet/rows.h"
#include "controller/report/sheet/side.h"
#include "controller/report/sheet/span.h"
#include "controller/report/sheet/verdict.h"
#include "parallax/v1/finding.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::report {

// One control on each side: what it said there.
struct Control {
  bool must_answer = false;  // else it must not connect
  std::string endpoint;
  std::vector<std::string> cells;  // one a side
  Ref ref;
};

struct TargetSheet {
  std::string url;
  v1::Status status = v1::STATUS_UNSPECIFIED;
  std::string plan;                  // "plan 9c41d2ab on both sides"
  std::vector<std::string> origins;  // where values came from that are not written in the target
  std::vector<Side> sides;
  std::vector<Row> rows;
  Verdict verdict;
  std::vector<Path> paths;  // one a side
  std::vector<Control> controls;
  std::vector<Connection> connections;
};

struct Sheet {
  const v1::Run& run;
  const v1::Report& report;
  std::string id;
  std::string title;
  std::string started;  // RFC 3339, UTC, milliseconds
  double duration_ms = 0;
  int exit_code = 0;
  bool interrupted = false;
  std::vector<TargetSheet> targets;  // in the order asked
  size_t worst = 0;                  // index into targets
  std::vector<std::string> asked;    // why more was asked than the first plans, one an investigation
  std::string again;                 // the command that asks the same again
};

Sheet MakeSheet(const v1::Run& run, const v1::Report& report);

// "2023-11-14T22:13:20.123Z".
std::string Rfc3339(int64_t unix_ns);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_SHEET_SHEET_H_
