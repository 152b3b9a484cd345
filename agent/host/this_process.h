// What this process may see, and where it stands. No value: this system does not tell. Thread-safe.
#ifndef PARALLAX_AGENT_HOST_THIS_PROCESS_H_
#define PARALLAX_AGENT_HOST_THIS_PROCESS_H_

#include <optional>
#include <string>

namespace parallax::host {

// Whether it may look into other users' processes.
std::optional<bool> IsPrivileged();

// A name of the part of the network that it sees, the same for two processes that see the same.
std::optional<std::string> NetworkNamespace();

}  // namespace parallax::host

#endif  // PARALLAX_AGENT_HOST_THIS_PROCESS_H_
