#include "agent/net/local_interface.h"

#include <ifaddrs.h>

#include "agent/net/address.h"

namespace parallax::net {

std::string InterfaceOfAddress(const std::string& address, int /*socket_fd*/) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return "";
  std::string name;
  for (const ifaddrs* entry = list; entry != nullptr && name.empty(); entry = entry->ifa_next) {
    uint16_t port = 0;
    if (entry->ifa_addr != nullptr && AddressText(entry->ifa_addr, &port) == address) name = entry->ifa_name;
  }
  freeifaddrs(list);
  return name;
}

}  // namespace parallax::net
