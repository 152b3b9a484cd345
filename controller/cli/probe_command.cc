#include "controller/cli/commands.h"
#include "controller/cli/probing.h"
#include "controller/cli/say.h"

namespace parallax::cli {

int Probe(const ProbeFlags& flags, Interrupt& interrupt) {
  conduct::RunRequest request;
  if (const auto status = AddProbing(flags.probing, &request); !status.ok())
    return UsageError(std::string(status.message()));
  if (flags.probing.targets.empty()) {
    return UsageError(
        "there is no target: say what to probe, as in parallax probe 'postgres://app@db.internal:5432/app'");
  }
  request.sides = {{"outside", flags.from}};
  return RunAndRender(request, flags.probing, interrupt);
}

}  // namespace parallax::cli
