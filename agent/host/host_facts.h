// What this host is: its interfaces, routes, resolvers, ssh host keys. Reads the kernel and files each time it is
// asked.
#ifndef PARALLAX_AGENT_HOST_HOST_FACTS_H_
#define PARALLAX_AGENT_HOST_HOST_FACTS_H_

#include "parallax/v1/session.pb.h"

namespace parallax::host {

// Never fails: what cannot be read is absent. Thread-safe.
v1::HostFacts ReadHostFacts();

}  // namespace parallax::host

#endif  // PARALLAX_AGENT_HOST_HOST_FACTS_H_
