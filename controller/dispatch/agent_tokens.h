// The tokens of --agent-token-from, which listening agents want. Stateless; thread-safe, but for env: references, which
// are taken out of the environment: neither /proc/PID/environ nor the command of a vantage sees them.
#ifndef PARALLAX_CONTROLLER_DISPATCH_AGENT_TOKENS_H_
#define PARALLAX_CONTROLLER_DISPATCH_AGENT_TOKENS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/dispatch/reach.h"

namespace parallax::dispatch {

// Each is "REF" for every side or "SIDE=REF", with env:NAME or file:PATH for REF. InvalidArgument, naming the flag, for
// one that cannot be read and for a second one of a side. No token is ever in a message.
absl::StatusOr<AgentTokens> ReadAgentTokens(const std::vector<std::string>& flags);

// Whether an agent that listens stands there, to which a token can be shown.
bool TakesToken(std::string_view vantage);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_AGENT_TOKENS_H_
