#include "agent/net/routing.h"

#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "agent/net/address.h"
#include "agent/net/linux/netlink.h"

namespace parallax::net {
namespace {

std::string Text(std::string_view zero_terminated) {
  return std::string(zero_terminated.substr(0, zero_terminated.find('\0')));
}

std::string KindByHardware(uint16_t hardware, uint32_t flags) {
  if ((flags & IFF_LOOPBACK) != 0 || hardware == ARPHRD_LOOPBACK) return "loopback";
  switch (hardware) {
    case ARPHRD_ETHER: return "ethernet";
    case ARPHRD_PPP: return "ppp";
    case ARPHRD_TUNNEL: return "ipip";
    case ARPHRD_SIT: return "sit";
    case ARPHRD_IPGRE: return "gre";
    default: return "none";
  }
}

RouteType TypeOf(uint8_t type) {
  switch (type) {
    case RTN_UNICAST: return RouteType::kUnicast;
    case RTN_LOCAL: return RouteType::kLocal;
    case RTN_BROADCAST: return RouteType::kBroadcast;
    case RTN_MULTICAST: return RouteType::kMulticast;
    case RTN_ANYCAST: return RouteType::kAnycast;
    case RTN_BLACKHOLE: return RouteType::kBlackhole;
    case RTN_UNREACHABLE: return RouteType::kUnreachable;
    case RTN_PROHIBIT: return RouteType::kProhibit;
    case RTN_THROW: return RouteType::kThrow;
    default: return RouteType::kOther;
  }
}

std::string NeighbourState(uint16_t state) {
  switch (state) {
    case NUD_INCOMPLETE: return "incomplete";
    case NUD_REACHABLE: return "reachable";
    case NUD_STALE: return "stale";
    case NUD_DELAY: return "delay";
    case NUD_PROBE: return "probe";
    case NUD_FAILED: return "failed";
    case NUD_NOARP: return "noarp";
    case NUD_PERMANENT: return "permanent";
    default: return "";
  }
}

bool ParseRoute(const nlmsghdr& header, Route* route) {
  std::string_view attributes;
  const auto* body = NetlinkBody<rtmsg>(header, &attributes);
  if (body == nullptr || (body->rtm_family != AF_INET && body->rtm_family != AF_INET6)) return false;
  route->v6 = body->rtm_family == AF_INET6;
  route->prefix = route->v6 ? "::" : "0.0.0.0";
  route->prefix_length = body->rtm_dst_len;
  route->table = body->rtm_table;
  route->type = TypeOf(body->rtm_type);
  ForEachAttribute(attributes.data(), attributes.size(), [&](uint16_t type, std::string_view value) {
    switch (type) {
      case RTA_DST: route->prefix = AddressFromBytes(value); break;
      case RTA_TABLE: route->table = AttributeNumber<uint32_t>(value); break;
      case RTA_PRIORITY: route->metric = AttributeNumber<uint32_t>(value); break;
      case RTA_OIF: route->link = AttributeNumber<int>(value); break;
      case RTA_GATEWAY: route->gateway = AddressFromBytes(value); break;
      case RTA_VIA:  // a gateway of the other family: struct rtvia
        if (value.size() > 2) route->gateway = AddressFromBytes(value.substr(2));
        break;
      case RTA_PREFSRC: route->source = AddressFromBytes(value); break;
      case RTA_METRICS:
        ForEachAttribute(value.data(), value.size(), [&](uint16_t metric, std::string_view number) {
          if (metric == RTAX_MTU) route->mtu = AttributeNumber<uint32_t>(number);
        });
        break;
      case RTA_MULTIPATH:  // the first of several ways stands for all
        if (value.size() >= sizeof(rtnexthop)) {
          rtnexthop hop{};
          std::memcpy(&hop, value.data(), sizeof(hop));
          route->link = hop.rtnh_ifindex;
          const size_t size = std::min<size_t>(hop.rtnh_len, value.size());
          if (size > sizeof(hop)) {
            ForEachAttribute(value.data() + sizeof(hop), size - sizeof(hop), [&](uint16_t t, std::string_view v) {
              if (t == RTA_GATEWAY) route->gateway = AddressFromBytes(v);
            });
          }
        }
        break;
      default: break;
    }
  });
  route->main_table = route->table == RT_TABLE_MAIN;
  // The IPv6 stack gives every route the same scope: there a gateway tells.
  route->on_link = route->v6 ? route->gateway.empty() : body->rtm_scope == RT_SCOPE_LINK;
  return true;
}

template <typename Body, typename Item, typename Parse>
absl::StatusOr<std::vector<Item>> Dump(uint16_t type, const Body& body, int64_t deadline_ns, Parse parse) {
  std::vector<Item> items;
  int error = 0;
  const auto each = [&](const nlmsghdr& header) {
    Item item;
    if (parse(header, &item)) items.push_back(std::move(item));
  };
  if (absl::Status status =
          AskNetlink(NETLINK_ROUTE, NetlinkRequest(type, NLM_F_DUMP, body), deadline_ns, each, &error);
      !status.ok()) {
    return status;
  }
  if (error != 0) return absl::UnavailableError(absl::StrCat("netlink list: ", std::strerror(error)));
  return items;
}

absl::StatusOr<Route> GetRoute(const std::string& bytes, uint32_t flags, int64_t deadline_ns, int* os_error) {
  rtmsg body{};
  body.rtm_family = bytes.size() == 4 ? AF_INET : AF_INET6;
  body.rtm_dst_len = static_cast<uint8_t>(bytes.size() * 8);
  body.rtm_flags = flags;
  NetlinkRequest request(RTM_GETROUTE, 0, body);
  request.AddAttribute(RTA_DST, bytes);
  Route route;
  const auto each = [&](const nlmsghdr& header) { ParseRoute(header, &route); };
  if (absl::Status status = AskNetlink(NETLINK_ROUTE, request, deadline_ns, each, os_error); !status.ok()) {
    return status;
  }
  return route;
}

}  // namespace

absl::StatusOr<std::vector<Link>> ListLinks(int64_t deadline_ns) {
  return Dump<ifinfomsg, Link>(RTM_GETLINK, {}, deadline_ns, [](const nlmsghdr& header, Link* link) {
    std::string_view attributes;
    const auto* body = NetlinkBody<ifinfomsg>(header, &attributes);
    if (body == nullptr) return false;
    link->index = body->ifi_index;
    link->up = (body->ifi_flags & IFF_UP) != 0;
    link->carrier = (body->ifi_flags & IFF_LOWER_UP) != 0;
    ForEachAttribute(attributes.data(), attributes.size(), [&](uint16_t type, std::string_view value) {
      if (type == IFLA_IFNAME) link->name = Text(value);
      if (type == IFLA_MTU) link->mtu = AttributeNumber<uint32_t>(value);
      // The flags of a link that is down say nothing of its carrier.
      if (type == IFLA_CARRIER && !value.empty()) link->carrier = value[0] != 0;
      if (type != IFLA_LINKINFO) return;
      ForEachAttribute(value.data(), value.size(), [&](uint16_t info, std::string_view kind) {
        if (info == IFLA_INFO_KIND) link->kind = Text(kind);
      });
    });
    if (link->kind.empty()) link->kind = KindByHardware(body->ifi_type, body->ifi_flags);
    return !link->name.empty();
  });
}

absl::StatusOr<std::vector<LinkAddress>> ListLinkAddresses(int64_t deadline_ns) {
  return Dump<ifaddrmsg, LinkAddress>(RTM_GETADDR, {}, deadline_ns, [](const nlmsghdr& header, LinkAddress* address) {
    std::string_view attributes;
    const auto* body = NetlinkBody<ifaddrmsg>(header, &attributes);
    if (body == nullptr) return false;
    address->index = static_cast<int>(body->ifa_index);
    address->prefix_length = body->ifa_prefixlen;
    bool local = false;  // on a point-to-point link IFA_ADDRESS is the peer's, IFA_LOCAL ours
    ForEachAttribute(attributes.data(), attributes.size(), [&](uint16_t type, std::string_view value) {
      if (type == IFA_LOCAL) local = true;
      if (type == IFA_LOCAL || (type == IFA_ADDRESS && !local)) address->address = AddressFromBytes(value);
    });
    return !address->address.empty();
  });
}

absl::StatusOr<std::vector<Route>> ListRoutes(int64_t deadline_ns) {
  return Dump<rtmsg, Route>(RTM_GETROUTE, {}, deadline_ns, [](const nlmsghdr& header, Route* route) {
    std::string_view attributes;
    const auto* body = NetlinkBody<rtmsg>(header, &attributes);
    // Entries that the IPv6 stack cached are answers of the past, not routes.
    if (body == nullptr || (body->rtm_flags & RTM_F_CLONED) != 0) return false;
    return ParseRoute(header, route);
  });
}

absl::StatusOr<std::vector<Rule>> ListRules(int64_t deadline_ns) {
  return Dump<fib_rule_hdr, Rule>(RTM_GETRULE, {}, deadline_ns, [](const nlmsghdr& header, Rule* rule) {
    std::string_view attributes;
    const auto* body = NetlinkBody<fib_rule_hdr>(header, &attributes);
    if (body == nullptr || (body->family != AF_INET && body->family != AF_INET6)) return false;
    rule->v6 = body->family == AF_INET6;
    rule->table = body->table;
    std::string source;
    std::string to;
    std::string more;
    ForEachAttribute(attributes.data(), attributes.size(), [&](uint16_t type, std::string_view value) {
      switch (type) {
        case FRA_TABLE: rule->table = AttributeNumber<uint32_t>(value); break;
        case FRA_PRIORITY: rule->priority = AttributeNumber<uint32_t>(value); break;
        case FRA_SRC: source = absl::StrCat(AddressFromBytes(value), "/", body->src_len); break;
        case FRA_DST: to = absl::StrCat(AddressFromBytes(value), "/", body->dst_len); break;
        case FRA_IIFNAME: absl::StrAppend(&more, " iif ", Text(value)); break;
        case FRA_OIFNAME: absl::StrAppend(&more, " oif ", Text(value)); break;
        case FRA_FWMARK: absl::StrAppend(&more, " mark ", AttributeNumber<uint32_t>(value)); break;
        default: break;
      }
    });
    const bool negated = (body->flags & FIB_RULE_INVERT) != 0;
    rule->text = absl::StrCat(rule->priority, ": ", negated ? "not " : "", "from ", source.empty() ? "all" : source,
                              to.empty() ? "" : " to " + to, more, " lookup ", TableName(rule->table));
    return true;
  });
}

absl::StatusOr<std::vector<Neighbour>> ListNeighbours(int64_t deadline_ns) {
  return Dump<ndmsg, Neighbour>(RTM_GETNEIGH, {}, deadline_ns, [](const nlmsghdr& header, Neighbour* neighbour) {
    std::string_view attributes;
    const auto* body = NetlinkBody<ndmsg>(header, &attributes);
    if (body == nullptr || (body->ndm_family != AF_INET && body->ndm_family != AF_INET6)) return false;
    neighbour->link = body->ndm_ifindex;
    neighbour->state = NeighbourState(body->ndm_state);
    ForEachAttribute(attributes.data(), attributes.size(), [&](uint16_t type, std::string_view value) {
      if (type == NDA_DST) neighbour->address = AddressFromBytes(value);
    });
    return !neighbour->address.empty();
  });
}

absl::StatusOr<RouteAnswer> LookUpRoute(const std::string& address, int64_t deadline_ns) {
  const std::string bytes = AddressToBytes(address);
  if (bytes.empty()) return absl::InvalidArgumentError("a route is looked up for a numeric address");
  RouteAnswer answer;
  // Two questions: this one answers with a source and the very address as prefix, ...
  absl::StatusOr<Route> route = GetRoute(bytes, RTM_F_LOOKUP_TABLE, deadline_ns, &answer.os_error);
  if (!route.ok()) return route.status();
  answer.route = *std::move(route);
  int error = 0;  // ... and this one with the entry that matched, without a source
  if (absl::StatusOr<Route> matched = GetRoute(bytes, RTM_F_FIB_MATCH | RTM_F_LOOKUP_TABLE, deadline_ns, &error);
      matched.ok() && error == 0) {
    answer.matched = *std::move(matched);
    answer.matched_known = true;
  }
  if (answer.os_error == 0 && answer.route.link == 0) {
    // IPv6 answers with an unreachable route instead of an error.
    if (answer.route.type == RouteType::kProhibit) answer.os_error = EACCES;
    if (answer.route.type == RouteType::kBlackhole) answer.os_error = EINVAL;
    if (answer.route.type == RouteType::kUnreachable) answer.os_error = EHOSTUNREACH;
  }
  return answer;
}

std::string TableName(uint32_t table) {
  switch (table) {
    case RT_TABLE_MAIN: return "main";
    case RT_TABLE_LOCAL: return "local";
    case RT_TABLE_DEFAULT: return "default";
    default: return std::to_string(table);
  }
}

}  // namespace parallax::net
