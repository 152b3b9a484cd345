#include "agent/host/host_files.h"

namespace parallax::host {

ResolverConfig SystemResolvers() { return ParseResolvConf(ReadSmallFile("/etc/resolv.conf")); }

}  // namespace parallax::host
