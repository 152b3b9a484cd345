#include "agent/host/host_facts.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/host/host_files.h"
#include "agent/host/this_process.h"
#include "agent/net/clock.h"
#include "agent/net/routing.h"
#include "contract/limits.h"
#include "contract/names.h"

namespace parallax::host {
namespace {

constexpr int64_t kPatienceNs = 2000 * net::kMs;  // for the kernel, which answers in microseconds
constexpr int kMaxRoutes = 256;
constexpr int kMaxInterfaces = 256;

void ReadInterfaces(const std::vector<net::Link>& links, int64_t deadline_ns, v1::HostFacts* facts) {
  std::map<int, v1::Interface*> by_index;
  for (const net::Link& link : links) {
    if (facts->interfaces_size() >= kMaxInterfaces) break;
    v1::Interface* entry = facts->add_interfaces();
    by_index[link.index] = entry;
    entry->set_name(contract::Printable(link.name, 32));
    entry->set_link_kind(contract::LinkKindFromName(link.kind));
    entry->set_up(link.up);
    entry->set_carrier(link.carrier.value_or(false));
    entry->set_mtu(link.mtu);
  }
  const auto addresses = net::ListLinkAddresses(deadline_ns);
  if (!addresses.ok()) return;
  for (const net::LinkAddress& address : *addresses) {
    const auto found = by_index.find(address.index);
    if (found == by_index.end()) continue;
    found->second->add_addresses(absl::StrCat(address.address, "/", address.prefix_length));
  }
}

void ReadRoutes(const std::vector<net::Link>& links, int64_t deadline_ns, v1::HostFacts* facts) {
  const auto routes = net::ListRoutes(deadline_ns);
  if (!routes.ok()) return;
  for (const net::Route& route : *routes) {
    if (facts->routes_size() >= kMaxRoutes) return;
    if (!route.main_table) continue;
    v1::HostRoute* entry = facts->add_routes();
    entry->set_prefix(net::PrefixText(route));
    if (const net::Link* link = net::FindLink(links, route.link); link != nullptr) {
      entry->set_interface(contract::Printable(link->name, 32));
    }
    entry->set_gateway(route.gateway);
    entry->set_metric(route.metric);
  }
}

std::string HostName() {
  char name[256] = "";
  if (gethostname(name, sizeof(name) - 1) != 0) return "";
  return contract::Printable(name, contract::kMaxNameBytes);
}

std::string OperatingSystem() {
  utsname names{};
  if (uname(&names) != 0) return "";
  return contract::Printable(absl::StrCat(names.sysname, " ", names.release, " ", names.machine), 200);
}

}  // namespace

v1::HostFacts ReadHostFacts() {
  const int64_t deadline_ns = net::SystemClock().MonotonicNs() + kPatienceNs;
  v1::HostFacts facts;
  facts.set_hostname(HostName());
  facts.set_os(OperatingSystem());
  if (const auto links = net::ListLinks(deadline_ns); links.ok()) {
    ReadInterfaces(*links, deadline_ns, &facts);
    ReadRoutes(*links, deadline_ns, &facts);
  }
  const ResolverConfig resolvers = SystemResolvers();
  for (const std::string& address : resolvers.addresses) facts.add_resolvers(address);
  for (const std::string& domain : resolvers.search) facts.add_search_domains(domain);
  facts.set_privileged(IsPrivileged().value_or(false));
  for (const std::string& key : ReadSshHostKeys("/etc/ssh")) facts.add_ssh_host_keys(key);
  facts.set_network_namespace(NetworkNamespace().value_or(""));
  return facts;
}

}  // namespace parallax::host
