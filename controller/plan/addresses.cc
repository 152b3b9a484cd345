#include "controller/plan/addresses.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"

namespace parallax::plan {
namespace {

bool HasGlobalIpv6(const v1::Run& run) {
  for (const v1::Side& side : run.sides()) {
    for (const v1::Interface& interface : side.agent().host().interfaces()) {
      for (const std::string& address : interface.addresses()) {
        if (address.find(':') != std::string::npos && !IsLoopbackOrLinkLocal(address.substr(0, address.find('/')))) {
          return true;
        }
      }
    }
  }
  return false;
}

bool DialledElsewhere(const v1::Target& target, const v1::Run& run) {
  return std::any_of(run.sides().begin(), run.sides().end(), [&](const v1::Side& side) {
    return std::any_of(side.connect_to().begin(), side.connect_to().end(), [&](const v1::ConnectTo& entry) {
      return entry.host() == target.host() && entry.port() == target.port();
    });
  });
}

}  // namespace

std::optional<uint32_t> ParseIpv4(std::string_view text) {
  uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (text.empty() || text.front() != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > 255 || end - text.data() > 3) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    address = address << 8 | value;
  }
  return text.empty() ? std::optional(address) : std::nullopt;
}

std::string FormatIpv4(uint32_t address) {
  return absl::StrCat(address >> 24, ".", address >> 16 & 255, ".", address >> 8 & 255, ".", address & 255);
}

bool IsNumeric(std::string_view host) {
  return ParseIpv4(host).has_value() || host.find(':') != std::string_view::npos;
}

bool IsLoopbackOrLinkLocal(std::string_view address) {
  if (const auto v4 = ParseIpv4(address)) return *v4 >> 24 == 127 || *v4 >> 16 == (169U << 8 | 254);
  return address == "::1" || address.substr(0, 5) == "fe80:";
}

std::string LastUsableAddress(const std::string& address, const v1::Hello& inside,
                              const std::vector<std::string>& taken) {
  const auto target = ParseIpv4(address);
  if (!target.has_value()) return "";
  uint32_t mask = 0xFFFFFF00;
  for (const v1::Interface& interface : inside.host().interfaces()) {
    for (const std::string& own : interface.addresses()) {
      const size_t slash = own.find('/');
      const auto base = ParseIpv4(std::string_view(own).substr(0, slash));
      uint32_t bits = 32;
      if (slash != std::string::npos) std::from_chars(own.data() + slash + 1, own.data() + own.size(), bits);
      // A prefix too small has no unused address, one too large (a /8) has its last address in another network.
      if (!base.has_value() || bits < 16 || bits > 29) continue;
      const uint32_t candidate = ~0U << (32 - bits);
      if ((*base & candidate) == (*target & candidate)) mask = candidate;
    }
  }
  uint32_t last = (*target | ~mask) - 1;  // the very last is the broadcast address
  while (last == *target || std::find(taken.begin(), taken.end(), FormatIpv4(last)) != taken.end()) --last;
  return FormatIpv4(last);
}

std::vector<std::string> AddressesOf(const v1::Target& target, const v1::Run& run) {
  if (!target.address().empty()) return {target.address()};
  if (IsNumeric(target.host())) return {target.host()};
  const bool with_ipv6 = HasGlobalIpv6(run);
  using Key = std::pair<bool, std::string>;  // IPv4 first
  std::map<std::string, std::set<Key>> by_side;
  for (const v1::SideObservation& kept : run.observations()) {
    for (const v1::Step& step : kept.observation().steps()) {
      const bool system = step.kind() == v1::RESOLVE && step.variant() == "system";
      if (!system || step.resolve().name() != target.host()) continue;
      for (const std::string& address : step.resolve().addresses()) {
        const bool is_ipv6 = address.find(':') != std::string::npos;
        if (!is_ipv6 || with_ipv6) by_side[kept.side()].emplace(is_ipv6, address);
      }
    }
  }
  // First what every side goes by, for that is where they can be compared: up to half. Then in turn: however many one
  // side has, what another goes by is among them.
  std::set<Key> chosen;
  if (by_side.size() > 1) {
    for (const Key& address : by_side.begin()->second) {
      const bool common = std::all_of(by_side.begin(), by_side.end(),
                                      [&](const auto& entry) { return entry.second.contains(address); });
      if (common && chosen.size() < kMaxAddresses / 2) chosen.insert(address);
    }
  }
  for (bool any = true; any && chosen.size() < kMaxAddresses;) {
    any = false;
    for (auto& [side, left] : by_side) {
      while (!left.empty() && chosen.contains(*left.begin())) left.erase(left.begin());
      if (left.empty() || chosen.size() >= kMaxAddresses) continue;
      chosen.insert(*left.begin());
      any = true;
    }
  }
  // Nobody knows the name, and a side is told where to dial for it: it goes there, the others by the name.
  if (chosen.empty() && DialledElsewhere(target, run)) return {""};
  std::vector<std::string> addresses;
  addresses.reserve(chosen.size());
  for (const auto& [is_ipv6, address] : chosen) addresses.push_back(address);
  return addresses;
}

const v1::Side* FindSide(const v1::Run& run, std::string_view name) {
  for (const v1::Side& side : run.sides()) {
    if (side.name() == name) return &side;
  }
  return nullptr;
}

}  // namespace parallax::plan
