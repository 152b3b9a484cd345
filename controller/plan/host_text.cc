#include "controller/plan/host_text.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "controller/plan/addresses.h"

namespace parallax::plan {
namespace {

constexpr size_t kMaxHostBytes = 253;
constexpr int kGroups = 8;

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

}  // namespace

bool IsIpv6(std::string_view text) {
  int groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (!text.empty()) {
    const std::string_view group = text.substr(0, text.find(':'));
    const bool last = group.size() == text.size();
    if (last && group.find('.') != std::string_view::npos) {
      groups += 2;  // the last 32 bits as an IPv4 address
      return ParseIpv4(group).has_value() && (gap ? groups < kGroups : groups == kGroups);
    }
    const bool hex = std::all_of(group.begin(), group.end(),
                                 [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
    if (group.empty() || group.size() > 4 || !hex) return false;
    ++groups;
    text.remove_prefix(group.size());
    if (last) break;
    text.remove_prefix(1);
    if (text.empty()) return false;
    if (text.front() != ':') continue;
    if (gap) return false;
    gap = true;
    text.remove_prefix(1);
  }
  return gap ? groups < kGroups : groups == kGroups;
}

absl::Status CheckHost(const std::string& host, bool may_show) {
  if (host.empty()) return Wrong("it has no host");
  if (host.size() > kMaxHostBytes) {
    return Wrong(absl::StrCat("its host has ", host.size(), " characters, and a name has at most ", kMaxHostBytes));
  }
  const std::string shown = may_show ? absl::StrCat(" '", contract::Printable(host, 60), "'") : "";
  if (const size_t zone = host.find('%'); zone != std::string::npos && IsIpv6(host.substr(0, zone))) {
    return Wrong(absl::StrCat("its host", shown,
                              " has a zone, which is the name of an interface of one host and says nothing on another: "
                              "write the name, or an address that is not link-local"));
  }
  if (host.find(':') != std::string::npos && !IsIpv6(host)) {
    return Wrong(absl::StrCat("its host", shown, " holds a ':' and is no IPv6 address; a port stands behind the host"));
  }
  const auto bad = std::find_if(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) == 0 &&
           std::string_view("-._:").find(c) == std::string_view::npos;
  });
  if (bad != host.end()) return Wrong(absl::StrCat("its host", shown, " holds a character that no name has"));
  return absl::OkStatus();
}

}  // namespace parallax::plan
