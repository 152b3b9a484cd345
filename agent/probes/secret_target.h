// Whether a secret may go to where a probe is about to send it. Thread-safe (no state).
#ifndef PARALLAX_AGENT_PROBES_SECRET_TARGET_H_
#define PARALLAX_AGENT_PROBES_SECRET_TARGET_H_

#include "absl/status/status.h"
#include "agent/policy/secrets.h"
#include "agent/probes/dial.h"
#include "agent/probes/probe.h"

namespace parallax::probes {

// OK, or PermissionDenied naming the place and the flag. `to` is what is really dialled, behind --connect-to, redirects
// and resolution. A target that the agent's command line names by a name is looked up here, by the deadline of a step.
absl::Status CheckMayGo(const policy::Secret& secret, const Destination& to, const Context& context);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_SECRET_TARGET_H_
