// A Report as text for people and as the JSON contract. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_REPORT_H_
#define PARALLAX_CONTROLLER_REPORT_REPORT_H_

#include <string>

#include "controller/report/sheet/sheet.h"
#include "parallax/v1/finding.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::report {

struct TextOptions {
  bool colour = false;
  int columns = 80;  // at least 60
};

// Every line fits `columns` display columns.
std::string Text(const Sheet& sheet, const TextOptions& options);
std::string Text(const v1::Run& run, const v1::Report& report, const TextOptions& options);

// One JSON document with a newline at its end; see controller/report/README.md for the contract.
std::string Json(const v1::Run& run, const v1::Report& report);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_REPORT_H_
