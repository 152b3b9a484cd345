#include "controller/dispatch/vantage.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/shell_words.h"
#include "contract/unix_socket.h"
#include "controller/dispatch/mask.h"

namespace parallax::dispatch {
namespace {

constexpr uint16_t kListenPort = 7411;  // what our documentation has agents listen on

// What may stand in a host's name or address, and in a user's name: nothing that a shell or ssh's own options would
// take for something else.
bool PlainName(std::string_view text) {
  return !text.empty() && text[0] != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("._-:+").find(c) != std::string_view::npos;
  });
}

bool ReadPort(std::string_view digits, uint16_t* port) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *port);
  return error == std::errc() && end == digits.data() + digits.size() && *port != 0;
}

struct HostPort {
  std::string host;   // without brackets
  uint16_t port = 0;  // 0: not given
};

// "HOST", "HOST:PORT", "[ADDRESS]:PORT".
bool SplitHostPort(std::string_view text, HostPort* to) {
  size_t colon = text.rfind(':');
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    to->host = std::string(text.substr(1, close - 1));
    text.remove_prefix(close + 1);
    return PlainName(to->host) && (text.empty() || (text[0] == ':' && ReadPort(text.substr(1), &to->port)));
  }
  if (colon != std::string_view::npos && !ReadPort(text.substr(colon + 1), &to->port)) return false;
  to->host = std::string(text.substr(0, colon));
  return PlainName(to->host) && to->host.find(':') == std::string::npos;
}

bool IsLoopback(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  return host == "localhost";
}

absl::StatusOr<Vantage> ParseSsh(std::string_view vantage) {
  std::string_view rest = vantage.substr(std::string_view("ssh:").size());
  const bool url = rest.starts_with("//");
  if (url) rest.remove_prefix(2);
  if (url && rest.ends_with('/')) rest.remove_suffix(1);
  const size_t at = rest.rfind('@');
  const std::string_view user = at == std::string_view::npos ? "" : rest.substr(0, at);
  HostPort place;
  bool fits = at == std::string_view::npos || (PlainName(user) && user.find(':') == std::string_view::npos);
  rest = at == std::string_view::npos ? rest : rest.substr(at + 1);
  // `ssh:host:22` would be a host of that name to nobody: a port needs the form of a URL.
  fits = fits && SplitHostPort(rest, &place) && (url || place.port == 0);
  if (!fits) {
    return absl::InvalidArgumentError(
        "an ssh vantage is ssh:HOST or ssh:USER@HOST, as for ssh itself, or ssh://USER@HOST:PORT; write ssh options "
        "into "
        "~/.ssh/config, or use 'exec:ssh OPTIONS HOST parallax-agent stdio'");
  }
  Vantage parsed;
  parsed.carrier = Carrier::kSsh;
  parsed.host = user.empty() ? place.host : absl::StrCat(std::string(user), "@", place.host);
  parsed.port = place.port;
  parsed.shown = std::string(vantage);
  return parsed;
}

absl::StatusOr<Vantage> ParseListener(std::string_view vantage) {
  Vantage parsed;
  parsed.carrier = Carrier::kListen;
  parsed.tls = vantage.starts_with("grpcs:");
  HostPort place;
  std::string_view rest = vantage.substr(vantage.find(':') + 1);
  const bool url = rest.starts_with("//");
  if (url) rest.remove_prefix(2);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (!url || !SplitHostPort(rest, &place)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a listening agent is grpcs://HOST:PORT (TLS), or grpc://127.0.0.1:", kListenPort, " for a port of this host"));
  }
  if (!parsed.tls && !IsLoopback(place.host)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "grpc:// is plaintext, and ", contract::Printable(place.host, 80),
        " is another host: use grpcs://, or forward a port of this host to it and use grpc://127.0.0.1:", kListenPort));
  }
  const bool v6 = place.host.find(':') != std::string::npos;
  parsed.host = absl::StrCat(v6 ? "[" : "", place.host, v6 ? "]:" : ":", place.port == 0 ? kListenPort : place.port);
  parsed.shown = absl::StrCat(parsed.tls ? "grpcs://" : "grpc://", parsed.host);
  return parsed;
}

absl::StatusOr<Vantage> ParseSocket(std::string_view vantage) {
  auto path = contract::ParseUnixAddress(vantage);
  if (!path.ok()) return path.status();
  Vantage parsed;
  parsed.carrier = Carrier::kSocket;
  parsed.path = *std::move(path);
  parsed.shown = absl::StrCat(std::string(contract::kUnixScheme), contract::Printable(parsed.path, 200));
  return parsed;
}

}  // namespace

bool IsHealthUrl(std::string_view vantage) { return vantage.starts_with("http://") || vantage.starts_with("https://"); }

absl::StatusOr<Vantage> ParseVantage(std::string_view vantage, const std::string& local_agent) {
  Vantage parsed;
  if (vantage == "local") {
    parsed.local = true;
    parsed.words = {local_agent, "stdio"};
    parsed.shown = "local";
    return parsed;
  }
  if (IsHealthUrl(vantage)) {
    parsed.local = true;
    parsed.words = {local_agent, "stdio"};
    parsed.health_url = std::string(vantage);
    parsed.shown = MaskCommand(vantage);
    return parsed;
  }
  if (vantage.starts_with("ssh:")) return ParseSsh(vantage);
  if (vantage.starts_with("grpc:") || vantage.starts_with("grpcs:")) return ParseListener(vantage);
  if (vantage.starts_with(contract::kUnixScheme)) return ParseSocket(vantage);
  constexpr std::string_view kExec = "exec:";
  if (!vantage.starts_with(kExec)) {
    // Cut at the colon: what follows may be anything, a secret included.
    return absl::InvalidArgumentError(absl::StrCat(
        "the vantage '", contract::Printable(vantage.substr(0, vantage.find(':') + 1), 40),
        vantage.find(':') == std::string_view::npos ? contract::Printable(vantage, 40) : "...",
        "' is not known to this release: use local, ssh:HOST, exec:COMMAND such as 'exec:kubectl exec -i deploy/api -- "
        "parallax-agent stdio', unix:PATH, grpcs://HOST:PORT, or, with no agent, https://HOST/health#/status=ok"));
  }
  auto words = contract::SplitShellWords(vantage.substr(kExec.size()));
  if (!words.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the command of the vantage '", MaskCommand(vantage), "': ", words.status().message(),
                     ": write it as for a shell, such as 'exec:ssh HOST parallax-agent stdio'"));
  }
  if ((*words)[0].empty()) return absl::InvalidArgumentError("the command of an exec: vantage is an empty word");
  parsed.words = *std::move(words);
  parsed.shown = MaskCommand(vantage);
  return parsed;
}

}  // namespace parallax::dispatch
