// What a store, or a file that somebody sent, may hold: bytes, a run, its comparison, its diagnosis, both reports.
#include <nlohmann/json.hpp>

#include "controller/diagnose/diagnose.h"
#include "controller/report/golden.h"
#include "controller/report/report.h"
#include "tests/fuzz/fuzzed_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace parallax;  // NOLINT: the entry point has no namespace
  using fuzz::Require;
  v1::Run run;
  if (!run.ParseFromArray(data, static_cast<int>(size))) return 0;
  const v1::Report report = diagnose::MakeReport(run);
  // Nothing but the run decides. Asked of some only: a judgement is most of the time that an input takes.
  if (size % 8 == 0) Require(diagnose::MakeReport(run).SerializeAsString() == report.SerializeAsString());
  report::Text(run, report, {.colour = (size & 1) != 0, .columns = 80});
  const std::string json = report::Json(run, report);
  Require(nlohmann::json::accept(json));
  const report::Expectation expected = report::Expect(report);
  const auto again = report::ParseExpectation(report::ExpectationJson(expected));
  Require(again.ok() && *again == expected);
  return 0;
}
