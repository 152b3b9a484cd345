#include "agent/host/this_process.h"

namespace parallax::host {

std::optional<bool> IsPrivileged() { return std::nullopt; }

std::optional<std::string> NetworkNamespace() { return std::nullopt; }

}  // namespace parallax::host
