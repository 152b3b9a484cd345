#include <string>

#include "absl/strings/str_cat.h"
#include "controller/cli/commands.h"
#include "controller/cli/probing.h"
#include "controller/cli/say.h"
#include "controller/plan/values.h"

namespace parallax::cli {
namespace {

absl::Status AddSides(const CompareFlags& flags, conduct::RunRequest* request) {
  if (flags.inside.empty()) {
    return absl::InvalidArgumentError(
        "--inside is missing: say how to reach an agent inside the VPC, as in --inside 'exec:ssh app-host "
        "./parallax-agent stdio' or --inside 'exec:kubectl exec -i deploy/api -- parallax-agent stdio'");
  }
  request->sides = {{"inside", flags.inside}, {"outside", flags.outside}};
  for (const std::string& text : flags.witnesses) {
    auto witness = plan::ParseWitness(text);
    if (!witness.ok()) {
      return absl::Status(witness.status().code(),
                          absl::StrCat("--witness: ", std::string(witness.status().message())));
    }
    request->sides.push_back({witness->first, witness->second});
  }
  return absl::OkStatus();
}

}  // namespace

int Compare(const CompareFlags& flags, Interrupt& interrupt) {
  conduct::RunRequest request;
  if (const auto status = AddProbing(flags.probing, &request); !status.ok())
    return UsageError(std::string(status.message()));
  request.controls = flags.controls;
  request.investigate = !flags.no_investigate;
  if (flags.probing.targets.empty()) {
    return UsageError(
        "there is no target: say what to probe, as in parallax compare 'postgres://app@db.internal:5432/app' --inside "
        "'exec:ssh app-host ./parallax-agent stdio'");
  }
  if (const auto status = AddSides(flags, &request); !status.ok()) return UsageError(std::string(status.message()));
  return RunAndRender(request, flags.probing, interrupt);
}

}  // namespace parallax::cli
