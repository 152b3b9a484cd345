// One netlink question and its answer, with a deadline (netlink(7)). Shared by routing.cc and tcp_sockets.cc.
//
// Nothing here keeps state: every exchange opens a socket of its own, in the network namespace of the calling thread.
// Thread-safe.
#ifndef PARALLAX_AGENT_NET_LINUX_NETLINK_H_
#define PARALLAX_AGENT_NET_LINUX_NETLINK_H_

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace parallax::net {

// A request: header, fixed part, attributes.
class NetlinkRequest {
 public:
  template <typename Body>
  NetlinkRequest(uint16_t type, uint16_t flags, const Body& body) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST);
    header.nlmsg_seq = 1;
    Append(&header, sizeof(header));
    Append(&body, sizeof(body));
  }
  void AddAttribute(uint16_t type, std::string_view value);
  // Whether the kernel will send a list that ends with NLMSG_DONE, or one message.
  bool dump() const;
  // With the length filled in.
  std::string Bytes() const;

 private:
  void Append(const void* bytes, size_t size);
  std::string bytes_;
};

// Sends `request` over `protocol` (NETLINK_ROUTE, NETLINK_SOCK_DIAG) and calls `each` for every message of the answer.
// `*os_error` is the errno with which the kernel answered the question itself (0: it did not refuse): that is data, and
// the status is then OK. DeadlineExceeded by `deadline_ns` (CLOCK_MONOTONIC); Unavailable when netlink cannot be used.
absl::Status AskNetlink(int protocol, const NetlinkRequest& request, int64_t deadline_ns,
                        const std::function<void(const nlmsghdr&)>& each, int* os_error);

// Calls `each` with type (without flags) and value of every attribute in `size` bytes at `first`.
void ForEachAttribute(const void* first, size_t size, const std::function<void(uint16_t, std::string_view)>& each);

// The fixed part of a message, and the size of what follows it; nullptr when the message is shorter than that.
template <typename Body>
const Body* NetlinkBody(const nlmsghdr& header, std::string_view* attributes) {
  if (header.nlmsg_len < NLMSG_LENGTH(sizeof(Body))) return nullptr;
  const char* body = reinterpret_cast<const char*>(&header) + NLMSG_HDRLEN;
  const size_t offset = NLMSG_ALIGN(sizeof(Body));
  const size_t total = header.nlmsg_len - NLMSG_HDRLEN;
  *attributes = total > offset ? std::string_view(body + offset, total - offset) : std::string_view();
  return reinterpret_cast<const Body*>(body);
}

// Copies a number out of an attribute; 0 when the attribute is too short.
template <typename Number>
Number AttributeNumber(std::string_view value) {
  Number number{};
  if (value.size() >= sizeof(number)) std::memcpy(&number, value.data(), sizeof(number));
  return number;
}

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_LINUX_NETLINK_H_
