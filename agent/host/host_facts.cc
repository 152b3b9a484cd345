#include "agent/host/host_facts.h"

namespace parallax::host {

v1::HostFacts ReadHostFacts() { return {}; }

}  // namespace parallax::host
