// Which interface of this host owns an address. Thread-safe.
#ifndef PARALLAX_AGENT_NET_LOCAL_INTERFACE_H_
#define PARALLAX_AGENT_NET_LOCAL_INTERFACE_H_

#include <string>

namespace parallax::net {

// The name of the interface that owns a local address; "" when none does. Any socket will do as `socket_fd`; with -1
// one is opened where one is needed.
std::string InterfaceOfAddress(const std::string& address, int socket_fd = -1);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_LOCAL_INTERFACE_H_
