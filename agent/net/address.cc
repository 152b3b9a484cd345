#include "agent/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>
#include <system_error>

namespace parallax::net {

std::string AddressFromBytes(std::string_view bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  if (bytes.size() != 4 && bytes.size() != 16) return "";
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
  return text;
}

std::string AddressToBytes(const std::string& address) {
  char bytes[16];
  if (inet_pton(AF_INET, address.c_str(), bytes) == 1) return std::string(bytes, 4);
  if (inet_pton(AF_INET6, address.c_str(), bytes) == 1) return std::string(bytes, 16);
  return "";
}

std::string AddressText(const sockaddr* address, uint16_t* port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    *port = ntohs(v4->sin_port);
  } else if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    *port = ntohs(v6->sin6_port);
  }
  return text;
}

bool ToSocketAddress(const std::string& address, uint16_t port, SocketAddress* out) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out->storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out->storage);
  if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out->size = sizeof(*v4);
    return true;
  }
  if (inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out->size = sizeof(*v6);
    return true;
  }
  return false;
}

std::string JoinHostPort(std::string_view address, uint16_t port) {
  const bool v6 = address.find(':') != std::string_view::npos;
  return (v6 ? "[" + std::string(address) + "]" : std::string(address)) + ":" + std::to_string(port);
}

bool SplitHostPort(std::string_view text, std::string* address, uint16_t* port) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *port);
  if (error != std::errc() || end != digits.data() + digits.size() || host.empty()) return false;
  *address = std::string(host);
  return true;
}

bool IsNumericAddress(const std::string& text) { return !AddressToBytes(text).empty(); }

bool IsLoopbackAddress(const std::string& address) {
  const std::string bytes = AddressToBytes(address);
  if (bytes.size() == 4) return bytes[0] == 127;
  if (bytes.size() != 16) return false;
  in6_addr v6{};
  std::memcpy(&v6, bytes.data(), sizeof(v6));
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && bytes[12] == 127);
}

bool IsWildcardAddress(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

}  // namespace parallax::net
