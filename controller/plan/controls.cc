#include "controller/plan/controls.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "controller/plan/addresses.h"

namespace parallax::plan {
namespace {

constexpr uint32_t kUnlikelyPorts[] = {6, 10, 8};  // unassigned by IANA; the third stands in when one is the target's
constexpr uint32_t kDnsPort = 53;
constexpr uint32_t kSshPort = 22;
constexpr uint32_t kPostgresPort = 5432;
constexpr size_t kMaxPositive = 4;

// RFC 1035 section 4.1: recursion desired, one question: the name servers of the root. Any answer will do, a refusal
// too.
constexpr std::string_view kDnsQuery(
    "\x00\x11"
    "\x50\x58\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x02\x00\x01",
    19);
// PostgreSQL's SSLRequest: any server of that protocol answers it with one byte, before it asks for anything.
constexpr std::string_view kSslRequest("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8);
constexpr std::string_view kHttpLine = "HEAD / HTTP/1.0\r\n\r\n";

// The leading bits that two addresses share.
int SharedBits(uint32_t a, uint32_t b) { return std::countl_zero(a ^ b); }

// The address by which the inside host is known next to the target: of its own, the nearest one.
std::string OwnAddress(const v1::Hello& inside, const std::vector<std::string>& targets) {
  std::string nearest;
  int most = -1;
  for (const v1::Interface& interface : inside.host().interfaces()) {
    for (const std::string& own : interface.addresses()) {
      const std::string address = own.substr(0, own.find('/'));
      const auto value = ParseIpv4(address);
      if (!value.has_value() || IsLoopbackOrLinkLocal(address)) continue;
      int shared = 0;
      for (const std::string& target : targets) {
        if (const auto other = ParseIpv4(target)) shared = std::max(shared, SharedBits(*value, *other));
      }
      if (shared <= most) continue;
      most = shared;
      nearest = address;
    }
  }
  return nearest;
}

}  // namespace

std::vector<Control> NegativeControls(const v1::Target& target, const std::string& address, const v1::Run& run) {
  std::vector<Control> controls;
  if (address.empty()) return controls;  // known by its name only, to a side that dials elsewhere
  for (const uint32_t port : kUnlikelyPorts) {
    if (port != target.port() && controls.size() < 2)
      controls.push_back({address, address, port, v1::NEGATIVE_CONTROL});
  }
  if (IsLoopbackOrLinkLocal(address)) return controls;
  const v1::Side* inside = FindSide(run, "inside");
  const std::string unused =
      LastUsableAddress(address, inside == nullptr ? v1::Hello() : inside->agent(), AddressesOf(target, run));
  if (!unused.empty()) controls.push_back({unused, unused, target.port(), v1::NEGATIVE_CONTROL});
  return controls;
}

std::vector<Control> PositiveControls(const Options& options, const v1::Target& target, const v1::Run& run) {
  const std::vector<std::string> targets = AddressesOf(target, run);
  std::vector<Control> controls;
  std::set<std::pair<std::string, uint32_t>> seen;
  const auto add = [&](const std::string& host, const std::string& address, uint32_t port) {
    const bool is_target = port == target.port() && (host == target.host() || std::find(targets.begin(), targets.end(),
                                                                                        address) != targets.end());
    if (is_target || controls.size() >= kMaxPositive || !seen.emplace(host, port).second) return;
    controls.push_back({host, address, port, v1::POSITIVE_CONTROL});
  };
  for (const v1::Target& control : options.controls) {
    add(control.host(), IsNumeric(control.host()) ? control.host() : "", control.port());
  }
  if (const v1::Side* inside = FindSide(run, "inside"); inside != nullptr && inside->has_agent()) {
    for (const std::string& resolver : inside->agent().host().resolvers()) {
      // A loopback or link-local resolver is another one on every host.
      if (!IsLoopbackOrLinkLocal(resolver) && IsNumeric(resolver)) add(resolver, resolver, kDnsPort);
    }
    if (const std::string own = OwnAddress(inside->agent(), targets); !own.empty()) add(own, own, kSshPort);
  }
  return controls;
}

v1::TcpProbe QuestionFor(const Control& control, int64_t step_timeout_ms) {
  v1::TcpProbe probe;
  probe.mutable_endpoint()->set_host(control.host);
  probe.mutable_endpoint()->set_address(control.address);
  probe.mutable_endpoint()->set_port(control.port);
  switch (control.port) {
    case kDnsPort: probe.set_send(std::string(kDnsQuery)); break;
    case kPostgresPort: probe.set_send(std::string(kSslRequest)); break;
    case kSshPort: probe.set_listen_ms(static_cast<uint32_t>(step_timeout_ms)); break;
    default: probe.set_send(std::string(kHttpLine)); break;
  }
  return probe;
}

}  // namespace parallax::plan
