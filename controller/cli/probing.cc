#include "controller/cli/probing.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/cli/exit_codes.h"
#include "controller/cli/one_run.h"
#include "controller/cli/say.h"
#include "controller/cli/terminal.h"
#include "controller/diagnose/diagnose.h"
#include "controller/dispatch/agent_tokens.h"
#include "controller/plan/quantities.h"
#include "controller/plan/values.h"
#include "controller/report/experiment_report.h"

namespace parallax::cli {

absl::Status AddProbing(const ProbingFlags& flags, RunRequest* request) {
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
  request->copy_agent = flags.reach.copy_agent;
  request->agent_binary = flags.reach.agent_binary;
  request->tls = flags.reach.tls;
  auto tokens = dispatch::ReadAgentTokens(flags.reach.agent_token_from);
  if (!tokens.ok()) return tokens.status();
  request->tokens = *std::move(tokens);
  const auto bytes = flags.sql_bytes.empty() ? absl::StatusOr<uint64_t>(0) : plan::ParseBytes(flags.sql_bytes);
  if (!bytes.ok())
    return absl::Status(bytes.status().code(), absl::StrCat("--sql-bytes: ", std::string(bytes.status().message())));
  if (flags.sql || flags.sql_ddl || *bytes > 0) request->client = plan::ClientQuestions{flags.sql_ddl, *bytes, *bytes};
  return absl::OkStatus();
}

int RunAndRender(const RunRequest& request, const ProbingFlags& flags, const std::atomic<bool>& interrupted) {
  auto prepared = Prepare(request);
  if (!prepared.ok()) return UsageError(std::string(prepared.status().message()));
  auto output = Output::Open(flags.form.output);
  if (!output.ok()) return UsageError(std::string(output.status().message()));
  auto store = OpenStoreFor(flags.store, flags.no_store);
  if (!store.ok()) return UsageError(std::string(store.status().message()));
  ProgressLine progress;
  const auto finished =
      RunOnce(*prepared, interrupted, store->get(), [&](const std::string& text) { progress.Show(text); });
  progress.Clear();
  if (!finished.ok()) return UsageError(std::string(finished.status().message()));
  if (const auto status = Render(finished->run, finished->report, flags.form, *output); !status.ok()) {
    return UsageError(absl::StrCat(std::string(status.message()),
                                   finished->kept ? absl::StrCat(". The run is kept: parallax show ",
                                                                 finished->run.id(), report::StoreFlag(flags.store))
                                                  : ""));
  }
  return finished->run.interrupted() ? kExitInterrupted : diagnose::ExitCode(finished->report);
}

}  // namespace parallax::cli
