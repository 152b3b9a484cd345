#include "controller/cli/history_text.h"

#include <algorithm>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/report/layout.h"
#include "controller/report/page.h"

namespace parallax::cli {
namespace {

constexpr size_t kMaxResult = 34;  // the longest id of a cause is shorter

std::string LocalTime(int64_t unix_ns) {
  const auto seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  std::tm local{};
  localtime_r(&seconds, &local);
  return absl::StrFormat("%04d-%02d-%02d %02d:%02d", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                         local.tm_hour, local.tm_min);
}

const std::string& ResultOf(const store::RunLine& line) { return line.cause.empty() ? line.status : line.cause; }

}  // namespace

std::string HistoryText(const std::vector<store::RunLine>& lines, size_t columns, bool colour) {
  if (lines.empty()) return "no runs to show: parallax compare makes them\n";
  constexpr char kRun[] = "RUN";
  constexpr char kStarted[] = "STARTED";
  constexpr char kResult[] = "RESULT";
  size_t run = report::Width(kRun);
  size_t started = report::Width(kStarted);
  size_t result = report::Width(kResult);
  for (const store::RunLine& line : lines) {
    run = std::max(run, report::Width(line.id));
    started = std::max(started, report::Width(LocalTime(line.started_unix_ns)));
    result = std::max(result, std::min(kMaxResult, report::Width(ResultOf(line))));
  }
  report::Page page(columns, colour);
  page.Add(absl::StrCat(report::Pad(kRun, run), "  ", report::Pad(kStarted, started), "  ",
                        report::Pad(kResult, result), "  TARGET"),
           report::Style::kDim);
  for (const store::RunLine& line : lines) {
    const bool healthy = line.status == "healthy";
    page.Add({{report::Pad(line.id, run), report::Style::kBold},
              {absl::StrCat("  ", report::Pad(LocalTime(line.started_unix_ns), started), "  ")},
              {report::Pad(ResultOf(line), result), healthy ? report::Style::kGood : report::Style::kBad},
              {absl::StrCat("  ", report::Clean(line.targets))}});
  }
  return page.Take();
}

}  // namespace parallax::cli
