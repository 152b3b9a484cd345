#include "controller/report/golden.h"

#include <nlohmann/json.hpp>

#include "contract/names.h"
#include "controller/diagnose/diagnose.h"

namespace parallax::report {

Expectation Expect(const v1::Report& report) {
  Expectation expectation;
  expectation.status = contract::Name(report.status());
  expectation.exit_code = diagnose::ExitCode(report);
  const auto worst = static_cast<int>(report.worst());
  if (worst >= report.targets_size()) return expectation;
  const v1::TargetReport& target = report.targets(worst);
  expectation.cause = target.diagnosis().verdict().cause();
  for (const v1::SideSummary& side : target.comparison().sides())
    expectation.rungs[side.name()] = contract::Name(side.rung());
  return expectation;
}

std::string ExpectationJson(const Expectation& expectation) {
  nlohmann::ordered_json json;
  json["status"] = expectation.status;
  json["cause"] = expectation.cause;
  json["exitCode"] = expectation.exit_code;
  json["rungs"] = expectation.rungs;
  return json.dump(2) + "\n";
}

absl::StatusOr<Expectation> ParseExpectation(std::string_view json) {
  const auto document = nlohmann::json::parse(json, nullptr, false);
  if (document.is_discarded()) return absl::InvalidArgumentError("not a JSON document");
  Expectation expectation;
  try {
    document.at("status").get_to(expectation.status);
    document.at("cause").get_to(expectation.cause);
    document.at("exitCode").get_to(expectation.exit_code);
    document.at("rungs").get_to(expectation.rungs);
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return expectation;
}

}  // namespace parallax::report
