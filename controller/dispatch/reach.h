// How the vantages of a run are reached, beyond what each of them names. Plain values.
#ifndef PARALLAX_CONTROLLER_DISPATCH_REACH_H_
#define PARALLAX_CONTROLLER_DISPATCH_REACH_H_

#include <atomic>
#include <functional>
#include <map>
#include <string>

namespace parallax::dispatch {

// PEM files for grpcs:// vantages.
struct TlsFiles {
  std::string ca;    // authorities of the agents' certificates; "": those that this system trusts
  std::string cert;  // what we show to an agent that asks; both or neither
  std::string key;
  std::string name;  // the name in the agent's certificate, where a port is forwarded; "": the host of the vantage
};

// What is shown to agents that listen on TCP. Never stored, shown or exported; sent over TLS or to this host only.
struct AgentTokens {
  std::string every;                           // "": none
  std::map<std::string, std::string> by_side;  // goes before it
  const std::string& Of(const std::string& side) const {
    const auto found = by_side.find(side);
    return found == by_side.end() ? every : found->second;
  }
};

struct Reach {
  std::string local_agent;     // path of parallax-agent, for `local` and for health endpoints
  std::string agent_to_copy;   // what ssh: vantages may be given; "": there is none
  std::string client_to_copy;  // its companion for probes with real client libraries; "": none
  bool copy_agent = false;     // without asking
  // Asks the person at the terminal; true is a yes, false also once `interrupted` (may be null). Null: there is nobody
  // to ask, so that ssh does not ask either.
  std::function<bool(const std::string& question, const std::atomic<bool>* interrupted)> ask;
  TlsFiles tls;
  AgentTokens tokens;
};

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_REACH_H_
