// What the kernel tells of a TCP socket, whoever opened it: our own connections, and those of a client library.
// Thread-safe; the descriptors are borrowed, and a call on one that is no TCP socket leaves things as they were.
#ifndef PARALLAX_AGENT_NET_SOCKET_FACTS_H_
#define PARALLAX_AGENT_NET_SOCKET_FACTS_H_

#include <cstdint>
#include <string>

#include "parallax/v1/observation.pb.h"

struct sockaddr;

namespace parallax::net {

// Numeric text of an IPv4 or IPv6 address, and its port; "" for another family.
std::string AddressText(const sockaddr* address, uint16_t* port);

// TCP_INFO (tcp(7)) as it is now.
void ReadTcpInfo(int fd, v1::TcpInfo* out);

// The addresses of both ends, the interface that owns ours, and TCP_INFO into `at_connect`: of a socket that has just
// connected.
void DescribeOpened(int fd, v1::Connection* record);

// TCP_INFO into `at_end`, the bytes that went either way, and who ended it: a FIN or a RST that has arrived is the
// peer's, SILENCE when the last thing that happened was a wait in vain, else us. Call it before close(2). An end that
// the record has already stays.
void DescribeClosing(int fd, bool waited_in_vain, v1::Connection* record);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_SOCKET_FACTS_H_
