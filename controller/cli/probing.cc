#include "controller/cli/probing.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/cli/exit_codes.h"
#include "controller/cli/keeping.h"
#include "controller/cli/progress.h"
#include "controller/cli/say.h"
#include "controller/cli/terminal.h"
#include "controller/conduct/run_once.h"
#include "controller/diagnose/diagnose.h"
#include "controller/dispatch/agent_dispatcher.h"
#include "controller/dispatch/agent_tokens.h"
#include "controller/plan/quantities.h"
#include "controller/plan/values.h"
#include "controller/report/experiment_report.h"

namespace parallax::cli {

absl::StatusOr<conduct::ReachRequest> ReadReach(const ReachFlags& flags) {
  auto tokens = dispatch::ReadAgentTokens(flags.agent_token_from);
  if (!tokens.ok()) return tokens.status();
  conduct::ReachRequest reach;
  reach.copy_agent = flags.copy_agent;
  reach.agent_binary = flags.agent_binary;
  reach.tls = flags.tls;
  reach.tokens = *std::move(tokens);
  reach.ask = PersonAtTerminal();
  return reach;
}

absl::Status AddProbing(const ProbingFlags& flags, conduct::RunRequest* request) {
  const auto timeout = plan::ParseDurationMs(flags.timeout);
  if (!timeout.ok())
    return absl::Status(timeout.status().code(), absl::StrCat("--timeout: ", std::string(timeout.status().message())));
  request->targets = flags.targets;
  request->connect_to = flags.connect_to;
  request->password_from = flags.password_from;
  request->ssl_root_cert = flags.ssl_root_cert;
  request->step_timeout_ms = *timeout;
  request->repeats = flags.repeats;
  request->title = flags.title;
  auto reach = ReadReach(flags.reach);
  if (!reach.ok()) return reach.status();
  request->reach = *std::move(reach);
  const auto bytes = flags.sql_bytes.empty() ? absl::StatusOr<uint64_t>(0) : plan::ParseBytes(flags.sql_bytes);
  if (!bytes.ok())
    return absl::Status(bytes.status().code(), absl::StrCat("--sql-bytes: ", std::string(bytes.status().message())));
  if (flags.sql || flags.sql_ddl || *bytes > 0) request->client = plan::ClientQuestions{flags.sql_ddl, *bytes, *bytes};
  return absl::OkStatus();
}

int RunAndRender(const conduct::RunRequest& request, const ProbingFlags& flags, Interrupt& interrupt) {
  const auto prepared = conduct::Prepare(request);
  if (!prepared.ok()) return UsageError(std::string(prepared.status().message()));
  for (const std::string& warning : prepared->warnings) Warn(warning);
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  if (const auto room = conduct::CheckRoom(prepared->sides.size()); !room.ok())
    return UsageError(std::string(room.message()));
  const auto keeper = OpenKeeper(flags.store, flags.no_store);
  if (!keeper.ok()) return UsageError(std::string(keeper.status().message()));
  ProgressLine progress;
  ProgressWords words([&](std::string_view line) { progress.Show(line); });
  const dispatch::MakeDispatcher make = &dispatch::MakeAgentDispatcher;
  const auto finished = conduct::RunOnce(*prepared, {make, interrupt.flag(), words, keeper->get()});
  progress.Clear();
  if (!finished.ok()) return UsageError(std::string(finished.status().message()));
  interrupt.EndAtOnce();  // all is observed: whoever does not want to wait for the rest need not
  // The report first: a store may be locked.
  int code = finished->run.interrupted() ? kExitInterrupted : diagnose::ExitCode(finished->report);
  if (const auto status = Render(finished->run, finished->report, flags.form, *output); !status.ok()) {
    const bool kept = *keeper != nullptr && (*keeper)->IsKept(finished->run.id());
    code = UsageError(absl::StrCat(
        std::string(status.message()),
        kept ? absl::StrCat(". The run is kept: parallax show ", finished->run.id(), report::StoreFlag(flags.store))
             : ""));
  }
  const std::string unkept = *keeper == nullptr ? "" : (*keeper)->Finish(interrupt.flag());
  if (!unkept.empty()) Warn(unkept);
  return code;
}

}  // namespace parallax::cli
