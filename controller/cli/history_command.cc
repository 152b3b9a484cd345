#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "controller/cli/commands.h"
#include "controller/cli/history_text.h"
#include "controller/cli/say.h"
#include "controller/cli/stored_run.h"
#include "controller/cli/terminal.h"
#include "controller/store/run_store.h"

namespace parallax::cli {
namespace {

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
  const auto status = output->Write(flags.form.format == "json"
                                        ? HistoryJson(*lines)
                                        : HistoryText(*lines, static_cast<size_t>(Columns(STDOUT_FILENO)), colour));
  return status.ok() ? 0 : UsageError(std::string(status.message()));
}

}  // namespace parallax::cli
