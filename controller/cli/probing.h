// What `compare` and `probe` have in common: from their flags to a request, and from that to a report.
#ifndef PARALLAX_CONTROLLER_CLI_PROBING_H_
#define PARALLAX_CONTROLLER_CLI_PROBING_H_

#include "absl/status/status.h"
#include "controller/cli/commands.h"
#include "controller/cli/interrupt.h"
#include "controller/cli/run_request.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::cli {

// Fills what the flags say into the request. InvalidArgument names the flag.
absl::Status AddProbing(const ProbingFlags& flags, RunRequest* request);

// Carries the request out, renders it, and keeps it; a store that is locked delays no report. The process's exit code.
int RunAndRender(const RunRequest& request, const ProbingFlags& flags, Interrupt& interrupt);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_PROBING_H_
