#include "agent/session/listen_address.h"

#include <arpa/inet.h>

#include <charconv>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::session {
namespace {

// 127.0.0.0/8 (RFC 1122 section 3.2.1.3) or ::1 (RFC 4291 section 2.5.3).
bool IsLoopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

bool IsAddress(const std::string& host) {
  in6_addr any{};
  return inet_pton(AF_INET, host.c_str(), &any) == 1 || inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

}  // namespace

std::string ListenAddress::Text() const {
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port) : absl::StrCat("[", host, "]:", port);
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const std::string shown = contract::Printable(text, 100);
  const size_t colon = text.rfind(':');
  const std::string_view digits = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  std::string host(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
      !(host.empty() || IsAddress(host))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", shown, "' is no address to listen on: write ADDRESS:PORT, as in 127.0.0.1:7411 or [::1]:7411"));
  }
  if (!IsLoopback(host)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this agent does not listen on '", shown,
        "', which others can reach: it has no policy yet that says what may be probed from here, and for whom. Listen "
        "on 127.0.0.1:",
        port == 0 ? 7411 : port,
        " and forward a port to it (ssh -L 7411:127.0.0.1:7411 HOST, kubectl port-forward), or let the controller "
        "start "
        "the agent (--inside ssh:HOST)"));
  }
  return ListenAddress{std::move(host), port};
}

}  // namespace parallax::session
