#include "agent/net/routing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/net/address.h"

namespace parallax::net {

std::string PrefixText(const Route& route) {
  if (route.prefix_length == 0) return "default";
  return absl::StrCat(route.prefix, "/", route.prefix_length);
}

bool Contains(const Route& route, const std::string& address) {
  const std::string prefix = AddressToBytes(route.prefix);
  const std::string bytes = AddressToBytes(address);
  if (bytes.empty() || prefix.size() != bytes.size()) return false;
  const size_t whole = static_cast<size_t>(route.prefix_length) / 8;
  const int rest = route.prefix_length % 8;
  if (whole > bytes.size() || bytes.compare(0, whole, prefix, 0, whole) != 0) return false;
  if (rest == 0) return true;
  const int mask = 0xff << (8 - rest);
  return whole < bytes.size() && ((bytes[whole] ^ prefix[whole]) & mask & 0xff) == 0;
}

const Link* FindLink(const std::vector<Link>& links, int index) {
  const auto found = std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.index == index; });
  return found == links.end() ? nullptr : &*found;
}

const Link* FindLink(const std::vector<Link>& links, const std::string& name) {
  const auto found = std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
  return found == links.end() ? nullptr : &*found;
}

}  // namespace parallax::net
