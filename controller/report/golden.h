// What a golden case expects of a stored run: the few words that must never change by accident. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_GOLDEN_H_
#define PARALLAX_CONTROLLER_REPORT_GOLDEN_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::report {

struct Expectation {
  std::string status;  // the words of the JSON report
  std::string cause;
  int exit_code = 0;
  std::map<std::string, std::string> rungs;  // side -> rung

  bool operator==(const Expectation&) const = default;
};

// Of the worst target.
Expectation Expect(const v1::Report& report);

// {"status": ..., "cause": ..., "exitCode": ..., "rungs": {"inside": ..., "outside": ...}}
std::string ExpectationJson(const Expectation& expectation);

// The inverse. InvalidArgument says what is missing.
absl::StatusOr<Expectation> ParseExpectation(std::string_view json);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_GOLDEN_H_
