// Numeric addresses and "host:port" as text, and back. Pure; thread-safe.
#ifndef PARALLAX_AGENT_NET_ADDRESS_H_
#define PARALLAX_AGENT_NET_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace parallax::net {

// Four or sixteen bytes as text; "" for any other length.
std::string AddressFromBytes(std::string_view bytes);
// The inverse, of numeric text; "" when it is none.
std::string AddressToBytes(const std::string& address);

// Numeric text of an IPv4 or IPv6 address, and its port; "" for another family.
std::string AddressText(const sockaddr* address, uint16_t* port);

// What connect(2) and bind(2) take.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
// False when `address` is not numeric.
bool ToSocketAddress(const std::string& address, uint16_t port, SocketAddress* out);

// "10.0.4.172:5432", "[fd00::1]:5432".
std::string JoinHostPort(std::string_view address, uint16_t port);
// The inverse; false when `text` is neither.
bool SplitHostPort(std::string_view text, std::string* address, uint16_t* port);

// True for IPv4 and IPv6 text as inet_pton(3) takes it.
bool IsNumericAddress(const std::string& text);
// 127.0.0.0/8, ::1 and their IPv4-mapped forms.
bool IsLoopbackAddress(const std::string& address);
// 0.0.0.0 and ::.
bool IsWildcardAddress(const std::string& address);

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_ADDRESS_H_
