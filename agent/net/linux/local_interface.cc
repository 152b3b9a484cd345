#include "agent/net/local_interface.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>

#include "agent/net/address.h"

namespace parallax::net {
namespace {

// The kernel's list of IPv4 addresses and the names they carry, netdevice(7): two system calls, where getifaddrs(3)
// asks netlink for every link and address of the host. False when it cannot be told whether the list is whole.
bool FindAmongIpv4(const std::string& address, int socket_fd, std::string* name) {
  std::array<ifreq, 256> entries;
  ifconf list{};
  list.ifc_len = sizeof(entries);
  list.ifc_req = entries.data();
  const int own_fd = socket_fd < 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
  const bool listed = ioctl(socket_fd < 0 ? own_fd : socket_fd, SIOCGIFCONF, &list) == 0;
  if (own_fd >= 0) close(own_fd);
  const size_t count = listed ? static_cast<size_t>(list.ifc_len) / sizeof(ifreq) : 0;
  for (size_t i = 0; i < count; ++i) {
    uint16_t port = 0;
    if (AddressText(&entries[i].ifr_addr, &port) != address) continue;
    *name = entries[i].ifr_name;
    return true;
  }
  return listed && count < entries.size();
}

}  // namespace

std::string InterfaceOfAddress(const std::string& address, int socket_fd) {
  std::string found;
  if (address.find(':') == std::string::npos && FindAmongIpv4(address, socket_fd, &found)) return found;
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
