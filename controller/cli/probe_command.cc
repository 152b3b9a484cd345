#include "controller/cli/commands.h"
#include "controller/cli/exit_codes.h"
#include "controller/cli/probing.h"
#include "controller/cli/say.h"
#include "controller/compare/client.h"

namespace parallax::cli {
namespace {

// One side has nothing to differ from: the target answers there as it should, or it does not.
int ExitCodeOfOneSide(const v1::Report& report) {
  int code = kExitHealthy;
  for (const v1::TargetReport& target : report.targets()) {
    const auto& sides = target.comparison().sides();
    const bool asked = sides.size() == 1 && sides[0].present() && !sides[0].unlike();
    if (!asked) return kExitCannotTell;
    if (target.comparison().status() == v1::HEALTHY) continue;
    const bool fails = !sides[0].healthy() || compare::ReadClient(target.comparison(), sides[0]).failed;
    if (fails) code = kExitFault;
    if (code == kExitHealthy) code = kExitCannotTell;  // it was lost on the way, or a part could not be asked
  }
  return code;
}

}  // namespace

int Probe(const ProbeFlags& flags, const std::atomic<bool>& interrupted) {
  RunRequest request;
  if (const auto status = AddProbing(flags.probing, &request); !status.ok())
    return UsageError(std::string(status.message()));
  if (flags.probing.targets.empty()) {
    return UsageError(
        "there is no target: say what to probe, as in parallax probe 'postgres://app@db.internal:5432/app'");
  }
  request.sides = {{"outside", flags.from}};
  return RunAndRender(request, flags.probing, interrupted, ExitCodeOfOneSide);
}

}  // namespace parallax::cli
