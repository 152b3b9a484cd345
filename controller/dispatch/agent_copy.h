// Gives the agent to a host that lacks it, over the ssh session that found it missing (ssh_script.h has the protocol).
// One thread; the descriptor and the preamble are borrowed.
#ifndef PARALLAX_CONTROLLER_DISPATCH_AGENT_COPY_H_
#define PARALLAX_CONTROLLER_DISPATCH_AGENT_COPY_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/dispatch/preamble.h"

namespace parallax::dispatch {

struct ProgramFile {
  std::string name;  // there: "parallax-agent"
  std::string bytes;
};

// The program at `path`, to be called `name`. NotFound when it cannot be read, InvalidArgument when it is no program.
absl::StatusOr<ProgramFile> ReadProgram(const std::string& path, std::string name);

// The path of the companion that goes with the agent at `agent`, built for the same machine: beside it or, where
// `installed`, also where an installation has it, the agent's ../libexec/parallax and /usr/libexec/parallax. "" when
// there is none.
std::string CompanionOf(const std::string& agent, bool installed);

// Sends the programs and has the first one run: its magic line follows in the preamble. Blocks until then, at most to
// `deadline_ns` (MonotonicNs); Cancelled when `interrupted` (may be null). FailedPrecondition with the host's own words
// when it could not take them, Unavailable when the session ended, DeadlineExceeded.
absl::Status CopyPrograms(int socket, Preamble& preamble, const std::vector<ProgramFile>& programs, int64_t deadline_ns,
                          const std::atomic<bool>* interrupted);

// Has the agent run that is there, in spite of what the script said of it: its magic line follows in the preamble.
// False when the session ended meanwhile.
bool UseThere(int socket, Preamble& preamble);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_AGENT_COPY_H_
