#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "contract/limits.h"
#include "controller/report/experiment_report.h"

namespace parallax::report {
namespace {

// For text and for attribute values in double quotes (XML 1.0 section 2.4). Printable leaves two characters that XML
// forbids (section 2.2): U+FFFE and U+FFFF, which UTF-8 can write.
std::string Escaped(std::string_view text) {
  std::string out;
  const std::string allowed =
      absl::StrReplaceAll(contract::Printable(text, 4096), {{"\xEF\xBF\xBE", "?"}, {"\xEF\xBF\xBF", "?"}});
  for (const char c : allowed) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

struct Counts {
  int tests = 0;
  int failures = 0;
  int errors = 0;
};

// What happened in the runs of that stage, escaped: what a person reads when a test is red.
std::string Story(const v1::PointResult& point, const std::string& stage) {
  std::string story;
  for (const v1::PointRun& run : point.runs()) {
    if (!stage.empty() && run.stage() != stage) continue;
    absl::StrAppend(&story, "\nrun");
    for (const std::string& word : {run.run(), run.cause(), !run.error().empty() ? run.error() : run.summary()}) {
      if (!word.empty()) absl::StrAppend(&story, " ", Escaped(word));
    }
    if (!run.missing().empty()) absl::StrAppend(&story, " (missing: ", Escaped(run.missing()), ")");
  }
  return story;
}

std::string Case(const v1::PointResult& point, const v1::Verdict& verdict, const std::string& suite, Counts* counts) {
  ++counts->tests;
  const std::string name =
      absl::StrCat(verdict.stage().empty() ? "" : absl::StrCat(verdict.stage(), ": "), verdict.what(),
                   verdict.line() > 0 ? absl::StrCat(" (line ", verdict.line(), ")") : "");
  std::string out = absl::StrCat("    <testcase classname=\"", Escaped(suite), point.label().empty() ? "" : ".",
                                 Escaped(point.label()), "\" name=\"", Escaped(name), "\"");
  if (verdict.met()) return absl::StrCat(out, "/>\n");
  const char* element = verdict.undecided() ? "error" : "failure";
  ++(verdict.undecided() ? counts->errors : counts->failures);
  absl::StrAppend(&out, ">\n      <", element, " message=\"", Escaped(absl::StrCat("seen: ", verdict.seen())), "\">",
                  Story(point, verdict.stage()), "\n      </", element, ">\n    </testcase>\n");
  return out;
}

}  // namespace

std::string JUnit(const v1::ExperimentResult& result) {
  const std::string& suite = result.experiment().name();
  Counts counts;
  std::string cases;
  for (const v1::PointResult& point : result.points()) {
    for (const v1::Verdict& verdict : point.verdicts()) absl::StrAppend(&cases, Case(point, verdict, suite, &counts));
  }
  if (!result.stopped().empty()) {
    ++counts.tests;
    ++counts.errors;
    absl::StrAppend(&cases, "    <testcase classname=\"", Escaped(suite),
                    "\" name=\"the experiment goes to its end\">\n      <error message=\"", Escaped(result.stopped()),
                    "\"/>\n    </testcase>\n");
  }
  const std::string numbers =
      absl::StrFormat("tests=\"%d\" failures=\"%d\" errors=\"%d\" time=\"%.3f\"", counts.tests, counts.failures,
                      counts.errors, static_cast<double>(result.duration_ns()) / 1e9);
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites ", numbers, ">\n  <testsuite name=\"",
                      Escaped(suite), "\" ", numbers, ">\n", cases, "  </testsuite>\n</testsuites>\n");
}

}  // namespace parallax::report
