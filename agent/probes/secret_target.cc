#include "agent/probes/secret_target.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/net/resolve.h"

namespace parallax::probes {

absl::Status CheckMayGo(const policy::Secret& secret, const Destination& to, const Context& context) {
  const auto resolve = [&](const std::string& name) {
    return net::ResolveName(name, context.clock, context.cancel, context.StepDeadline()).addresses;
  };
  const bool may =
      secret.only_to.empty() || std::any_of(secret.only_to.begin(), secret.only_to.end(), [&](const std::string& text) {
        const auto target = policy::ParseSecretTarget(text);
        return target.ok() && policy::Covers(*target, to.address, to.port, resolve);
      });
  if (may) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("the agent's own secret does not go to ", to.address, " port ",
                                                  to.port,
                                                  ": the --allow-secret of its command line names other targets"));
}

}  // namespace parallax::probes
