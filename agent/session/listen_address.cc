#include "agent/session/listen_address.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/unix_socket.h"

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

// What may stand in the name of a host: nothing that gRPC would take for the scheme of another resolver.
bool IsName(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
  });
}

// "ADDRESS:PORT" in its parts; false where there is no port of a TCP endpoint behind the last colon.
bool Split(std::string_view text, ListenAddress* to) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), to->port);
  to->host = std::string(text.substr(0, colon));
  if (to->host.starts_with('[') && to->host.ends_with(']')) to->host = to->host.substr(1, to->host.size() - 2);
  return error == std::errc() && end == digits.data() + digits.size();
}

absl::Status NoAddress(std::string_view text, std::string_view of_what) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", contract::Printable(text, 100), "' is no address ", std::string(of_what),
                   ": write unix:PATH, or ADDRESS:PORT as in 127.0.0.1:7411 or [::1]:7411"));
}

absl::StatusOr<ListenAddress> ParseSocket(std::string_view text) {
  auto path = contract::ParseUnixAddress(text);
  if (!path.ok()) return path.status();
  ListenAddress address;
  address.path = *std::move(path);
  return address;
}

}  // namespace

std::string ListenAddress::Text() const {
  if (!path.empty()) return absl::StrCat(std::string(contract::kUnixScheme), path);
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port) : absl::StrCat("[", host, "]:", port);
}

std::string DefaultListen() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  // Only an absolute path counts (XDG Base Directory Specification). Root's own may be a login's, and end with it.
  if (geteuid() != 0 && runtime != nullptr && runtime[0] == '/') {
    return absl::StrCat(std::string(contract::kUnixScheme), runtime, "/parallax-agent.sock");
  }
  return absl::StrCat(std::string(contract::kUnixScheme), "/run/parallax-agent/agent.sock");
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  if (text.starts_with(contract::kUnixScheme)) return ParseSocket(text);
  ListenAddress address;
  const bool split = Split(text, &address);
  if (address.host == "localhost") address.host = "127.0.0.1";
  if (!split || !(address.host.empty() || IsAddress(address.host))) {
    return NoAddress(text, "to listen on");
  }
  if (!IsLoopback(address.host)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this agent does not listen on '", contract::Printable(text, 100),
        "', which others can reach: it has no policy yet that says what may be probed from here, and for whom. Listen "
        "on a unix socket or on 127.0.0.1:",
        address.port == 0 ? 7411 : address.port,
        " and forward to it (ssh -L 7411:127.0.0.1:7411 HOST, kubectl port-forward), or let the controller start the "
        "agent (--inside ssh:HOST)"));
  }
  return address;
}

absl::StatusOr<ListenAddress> ParseServedAddress(std::string_view text) {
  if (text.starts_with(contract::kUnixScheme)) return ParseSocket(text);
  ListenAddress address;
  if (!Split(text, &address) || address.port == 0 || !(IsAddress(address.host) || IsName(address.host))) {
    return NoAddress(text, "of an agent");
  }
  return address;
}

}  // namespace parallax::session
