#include "agent/host/host_files.h"

namespace parallax::host {

ResolverConfig SystemResolvers() { return {}; }

}  // namespace parallax::host
