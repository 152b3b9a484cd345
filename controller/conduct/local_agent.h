// The agent beside this program, for the vantage `local`, and other facts about this process.
#ifndef PARALLAX_CONTROLLER_CONDUCT_LOCAL_AGENT_H_
#define PARALLAX_CONTROLLER_CONDUCT_LOCAL_AGENT_H_

#include <string>

#include "absl/status/statusor.h"

namespace parallax::conduct {

// parallax-agent in this program's own folder, else in $PATH. NotFound says where it looked.
absl::StatusOr<std::string> FindLocalAgent();

// 12 random hex digits (getrandom(2)).
std::string NewRunId();

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_LOCAL_AGENT_H_
