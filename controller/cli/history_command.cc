#include <unistd.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/cli/commands.h"
#include "controller/cli/say.h"
#include "controller/cli/stored_run.h"
#include "controller/cli/terminal.h"
#include "controller/report/page.h"
#include "controller/store/run_store.h"

namespace parallax::cli {
namespace {

std::string LocalTime(int64_t unix_ns) {
  const auto seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  std::tm local{};
  localtime_r(&seconds, &local);
  return absl::StrFormat("%04d-%02d-%02d %02d:%02d:%02d", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                         local.tm_hour, local.tm_min, local.tm_sec);
}

std::string HistoryJson(const std::vector<store::RunLine>& lines) {
  auto json = nlohmann::ordered_json::array();
  for (const store::RunLine& line : lines) {
    json.push_back({{"run", line.id},
                    {"startedUnixMs", static_cast<double>(line.started_unix_ns) / 1e6},
                    {"targets", line.targets},
                    {"status", line.status},
                    {"cause", line.cause}});
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string HistoryText(const std::vector<store::RunLine>& lines, bool colour) {
  if (lines.empty()) return "no runs to show: parallax compare makes them\n";
  report::Page page(static_cast<size_t>(Columns(STDOUT_FILENO)), colour);
  for (const store::RunLine& line : lines) {
    const bool healthy = line.status == "healthy";
    page.Add({{line.id, report::Style::kBold},
              {absl::StrCat("  ", LocalTime(line.started_unix_ns), "  ")},
              {line.cause.empty() ? line.status : line.cause, healthy ? report::Style::kGood : report::Style::kBad},
              {absl::StrCat("  ", line.targets)}});
  }
  return page.Take();
}

}  // namespace

int History(const HistoryFlags& flags) {
  if (flags.limit == 0) return UsageError("--limit: 0 runs would say nothing; write how many to list, from 1 on");
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  auto store = OpenForReading(flags.store);
  if (!store.ok()) return UsageError(std::string(store.status().message()));
  const auto lines = (*store)->List(flags.limit);
  if (!lines.ok()) return UsageError(std::string(lines.status().message()));
  const bool colour = output->is_stdout() && UseColour(flags.form.color, STDOUT_FILENO);
  const auto status = output->Write(flags.form.format == "json" ? HistoryJson(*lines) : HistoryText(*lines, colour));
  return status.ok() ? 0 : UsageError(std::string(status.message()));
}

}  // namespace parallax::cli
