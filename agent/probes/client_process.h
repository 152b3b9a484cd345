// Runs a probe in the client process: parallax-agent-client, where libpq and libcurl live, and crash, apart from the
// agent.
//
// One process a run. It gets one v1::Assignment on its stdin (the plan holds that single probe, every secret its value:
// nothing of it stands in argv or the environment) and writes a v1::Observation to its stdout whenever a step begins or
// ends: all that it has seen so far. So whatever becomes of it, what was observed is kept. Thread-safe: no state.
#ifndef PARALLAX_AGENT_PROBES_CLIENT_PROCESS_H_
#define PARALLAX_AGENT_PROBES_CLIENT_PROCESS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/probes/probe.h"

namespace parallax::probes {

inline constexpr char kClientProgram[] = "parallax-agent-client";

// Where the program is looked for: beside this process's own, then where an installation into this one's prefix has it
// (bin and libexec), then where packages put it.
std::vector<std::string> ClientFolders();

// Runs `spec`; `secret_of` gives the place of its secret reference. What the process
// observed becomes steps of the recorder's observation; a step that had begun and not ended is ended here: TIMED_OUT
// past its deadline, CANCELLED, or LOCAL_RESOURCE when the process died, with observation.error saying how.
// Unimplemented when the program is not installed; FailedPrecondition when the root certificates that the spec names
// are no plain file; ResourceExhausted when it cannot be started.
absl::Status RunInClient(v1::ProbeSpec spec, v1::SecretRef* (*secret_of)(v1::ProbeSpec*), const Context& context,
                         Recorder& recorder, const std::vector<std::string>& folders = ClientFolders());

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_CLIENT_PROCESS_H_
