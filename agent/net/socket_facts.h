// What is recorded of a TCP socket, whoever opened it: our own connections, and those of a client library.
// Thread-safe; the descriptors are borrowed. A call on one that is no TCP socket leaves things as they were.
#ifndef PARALLAX_AGENT_NET_SOCKET_FACTS_H_
#define PARALLAX_AGENT_NET_SOCKET_FACTS_H_

#include <string>

#include "parallax/v1/observation.pb.h"

namespace parallax::net {

// The socket's figures as they are now. What the system does not tell stays unset.
void ReadTcpInfo(int fd, v1::TcpInfo* out);

// The addresses of both ends, the interface that owns ours, and the figures into `at_connect`: of a socket that has
// just connected.
void DescribeOpened(int fd, v1::Connection* record);

// Whether the other end of a connected socket is that address and port, "10.0.4.172:5432". True of a socket that is not
// connected: nothing can be said over it.
bool IsConnectedTo(int fd, const std::string& host_port);

// The figures into `at_end`, the bytes that went either way, and who ended it: a FIN or a RST that has arrived is the
// peer's, SILENCE when the last thing that happened was a wait in vain, else us. Call it before close(2). An end that
// the record has already stays.
void DescribeClosing(int fd, bool waited_in_vain, v1::Connection* record);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_SOCKET_FACTS_H_
