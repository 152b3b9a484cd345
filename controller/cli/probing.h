// What `compare` and `probe` have in common: from their flags to a request, and from that to a report.
#ifndef PARALLAX_CONTROLLER_CLI_PROBING_H_
#define PARALLAX_CONTROLLER_CLI_PROBING_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/cli/commands.h"
#include "controller/cli/interrupt.h"
#include "controller/conduct/request.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::cli {

// How vantages are reached, as the flags say. It takes the tokens out of the environment: once a process.
// InvalidArgument names the flag.
absl::StatusOr<conduct::ReachRequest> ReadReach(const ReachFlags& flags);

// Fills what the flags say into the request. InvalidArgument names the flag.
absl::Status AddProbing(const ProbingFlags& flags, conduct::RunRequest* request);

// Carries the request out, renders it, and keeps it; a store that is locked delays no report. The process's exit code.
int RunAndRender(const conduct::RunRequest& request, const ProbingFlags& flags, Interrupt& interrupt);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_PROBING_H_
