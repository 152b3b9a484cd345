#include "controller/dispatch/agent_tokens.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "contract/agent_token.h"

namespace parallax::dispatch {

absl::StatusOr<AgentTokens> ReadAgentTokens(const std::vector<std::string>& flags) {
  AgentTokens tokens;
  std::map<std::string, std::string> read;  // by reference: a variable can be taken once
  for (const std::string& flag : flags) {
    // A reference has a colon before any =, a side's name has none.
    const size_t equals = flag.find('=');
    const bool named = equals != std::string::npos && equals < flag.find(':');
    const std::string side = named ? flag.substr(0, equals) : "";
    const std::string ref = named ? flag.substr(equals + 1) : flag;
    if (named ? side.empty() || tokens.by_side.contains(side) : !tokens.every.empty()) {
      return absl::InvalidArgumentError(
          "--agent-token-from: there are two for the same sides; write SIDE=REF where each side has a token of its "
          "own");
    }
    if (!read.contains(ref)) {
      auto token = contract::TakeToken(ref);
      if (!token.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("--agent-token-from: ", std::string(token.status().message())));
      }
      read[ref] = *std::move(token);
    }
    (named ? tokens.by_side[side] : tokens.every) = read[ref];
  }
  return tokens;
}

bool TakesToken(std::string_view vantage) {
  return vantage.starts_with("grpc:") || vantage.starts_with("grpcs:") || vantage.starts_with("unix:");
}

}  // namespace parallax::dispatch
