#include "controller/plan/target_url.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/json_pointer.h"
#include "contract/limits.h"
#include "controller/plan/conninfo.h"
#include "controller/plan/host_text.h"
#include "controller/plan/percent.h"
#include "controller/plan/postgres_target.h"
#include "controller/plan/target_error.h"
#include "controller/plan/url_secrets.h"

namespace parallax::plan {
namespace {

// What is wrong, and no more: InTarget says where.
absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

// For messages: bounded and printable. Never given anything from before an '@': what was meant as a password may stand
// there, in whatever part it was read as.
std::string Shown(std::string_view text) { return absl::StrCat("'", contract::Printable(text, 60), "'"); }
bool MayShow(std::string_view text, std::string_view after) {
  return text.find('@') == std::string_view::npos && after.find('@') == std::string_view::npos;
}
constexpr std::string_view kEscapes = "; in a password '/' is written %2F, '?' %3F, '@' %40";

// "host", "host:port", "[v6]:port". `port` stays 0 when there is none. `after` is what follows in the URL.
absl::Status ParseAuthority(std::string_view text, std::string_view after, v1::Target* target) {
  std::string_view host = text;
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return Wrong("the '[' of its address has no ']'");
    host = text.substr(1, close - 1);
    std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return Wrong("something other than ':PORT' follows the ']'");
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return Wrong("its port is empty");
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.find(':') != std::string_view::npos) return Wrong("an IPv6 address stands in brackets: [fd00::1]:5432");
    if (port.empty()) return Wrong("its port is empty");
  }
  std::string decoded;
  if (!PercentDecode(host, &decoded)) return Wrong("a '%' in its host is not followed by two hex digits");
  if (absl::Status status = CheckHost(decoded); !status.ok()) return status;
  target->set_host(absl::AsciiStrToLower(decoded));
  if (port.empty()) return absl::OkStatus();
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) {
    const bool show = MayShow(port, after);
    return Wrong(absl::StrCat("its port", show ? " " + Shown(port) : "", " is not a number from 1 to 65535",
                              show ? std::string() : std::string(kEscapes)));
  }
  target->set_port(number);
  return absl::OkStatus();
}

bool IsHttp(const v1::Target& target) { return target.scheme() == "http" || target.scheme() == "https"; }

uint32_t HttpPort(const v1::Target& target) { return target.scheme() == "https" ? 443 : 80; }

std::string HttpUrlOf(const v1::Target& target, const std::string& host) {
  const std::string port = target.port() == HttpPort(target) ? "" : absl::StrCat(":", target.port());
  std::string url = absl::StrCat(target.scheme(), "://", host, port, target.path());
  std::string_view before = "#";
  for (const v1::HttpExpectation& item : target.expect()) {
    absl::StrAppend(&url, std::string(before));
    before = "&";
    switch (item.of_case()) {
      case v1::HttpExpectation::kStatus: absl::StrAppend(&url, "status=", item.status()); continue;
      case v1::HttpExpectation::kHeader: absl::StrAppend(&url, "header:", item.header()); break;
      default: absl::StrAppend(&url, PercentEncode(item.json_pointer(), "/")); break;
    }
    if (!item.exists()) absl::StrAppend(&url, "=", PercentEncode(item.equals()));
  }
  if (target.follow_redirects()) absl::StrAppend(&url, std::string(before), "redirects=follow");
  return url;
}

// Of the fragment, for messages.
std::string Item(std::string_view item) { return MayShow(item, "") ? Shown(item) : "what stands"; }

// One item of the fragment: "/database/status=connected", "/database", "status=204", "header:content-type=text/plain",
// "redirects=follow".
absl::Status ParseFragmentItem(std::string_view item, v1::Target* target) {
  const size_t equals = item.find('=');
  const std::string_view name = item.substr(0, equals);
  std::string value;
  if (!PercentDecode(equals == std::string_view::npos ? "" : item.substr(equals + 1), &value)) {
    return Wrong("a '%' after its '#' is not followed by two hex digits");
  }
  if (name == "redirects") {
    if (value != "follow")
      return Wrong(absl::StrCat(Item(item), " after its '#': redirects can be follow only; without it they are shown"));
    target->set_follow_redirects(true);
    return absl::OkStatus();
  }
  v1::HttpExpectation* expectation = target->add_expect();
  if (name == "status") {
    uint32_t status = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), status);
    if (error != std::errc() || end != value.data() + value.size() || status < 1 || status > 599) {
      return Wrong(absl::StrCat(Item(item),
                                " after its '#' is neither a status such as status=204 nor a class such as status=2"));
    }
    expectation->set_status(status);
    return absl::OkStatus();
  }
  constexpr std::string_view kHeader = "header:";
  if (name.starts_with('/')) {
    std::string pointer;
    if (!PercentDecode(name, &pointer)) return Wrong("a '%' after its '#' is not followed by two hex digits");
    if (!contract::IsJsonPointer(pointer))
      return Wrong(absl::StrCat("a '~' of ", Item(name), " after its '#' is neither ~0, which is '~', nor ~1, '/'"));
    expectation->set_json_pointer(pointer);
  } else if (name.starts_with(kHeader) && name.size() > kHeader.size()) {
    expectation->set_header(absl::AsciiStrToLower(std::string(name.substr(kHeader.size()))));
  } else {
    return Wrong(absl::StrCat(Item(name),
                              " after its '#' is none of /json/pointer=value, status=204, header:NAME=value, "
                              "redirects=follow, joined by '&'"));
  }
  expectation->set_exists(equals == std::string_view::npos);
  expectation->set_equals(value);
  return absl::OkStatus();
}

absl::Status ParseHttp(std::string_view rest, v1::Target* target) {
  std::string_view fragment;
  if (const size_t hash = rest.find('#'); hash != std::string_view::npos) {
    fragment = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
    if (fragment.empty()) return Wrong("nothing follows its '#'");
  }
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  if (rest.substr(0, end).find('@') != std::string_view::npos) {
    return Wrong(absl::StrCat(target->scheme(), ":// takes no user: give a bearer token by --password-from env:NAME"));
  }
  if (absl::Status status = ParseAuthority(rest.substr(0, end), "", target); !status.ok()) return status;
  if (target->port() == 0) target->set_port(HttpPort(*target));
  std::string path(rest.substr(end));
  if (!path.starts_with('/')) path.insert(0, 1, '/');
  if (absl::Status status = CheckNoSecret(path); !status.ok()) return status;
  target->set_path(path);
  while (!fragment.empty()) {
    const size_t next = fragment.find('&');
    if (absl::Status status = ParseFragmentItem(fragment.substr(0, next), target); !status.ok()) return status;
    fragment.remove_prefix(next == std::string_view::npos ? fragment.size() : next + 1);
  }
  return absl::OkStatus();
}

// The URL as it is kept and shown: normal form, without a password.
std::string UrlOf(const v1::Target& target) {
  const bool v6 = target.host().find(':') != std::string::npos;
  const std::string host = v6 ? absl::StrCat("[", target.host(), "]") : target.host();
  if (target.scheme() == "dns") return absl::StrCat("dns:", host);
  if (IsHttp(target)) return HttpUrlOf(target, host);
  const std::string authority = absl::StrCat(host, ":", target.port());
  return absl::StrCat(target.scheme(), "://", authority);
}

absl::StatusOr<ParsedTarget> Parse(std::string_view url, const Surroundings* around) {
  if (url.size() > contract::kMaxUrlBytes) {
    return Wrong(absl::StrCat("it has ", url.size(), " characters, and a URL has at most ", contract::kMaxUrlBytes));
  }
  if (IsKeywordForm(url)) {
    auto info = ParseConninfo(url);
    return info.ok() ? ResolvePostgres(*std::move(info), around) : info.status();
  }
  if (std::any_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) < 0x21 || c == 0x7f; })) {
    return Wrong("it holds a space or a control character");
  }
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos)
    return Wrong("it has no scheme: postgres://, https://, http://, tcp://, tls:// or dns:");
  const std::string scheme = absl::AsciiStrToLower(absl::string_view(url.data(), colon));
  std::string_view rest = url.substr(colon + 1);
  ParsedTarget parsed;
  if (scheme == "dns") {
    parsed.target.set_scheme(scheme);
    if (rest.find('@') != std::string_view::npos) return Wrong("dns:NAME takes no user");
    if (absl::Status status = ParseAuthority(rest, "", &parsed.target); !status.ok()) return status;
    if (parsed.target.port() != 0) return Wrong("dns:NAME takes no port");
    parsed.target.set_url(UrlOf(parsed.target));
    return parsed;
  }
  if (IsPostgresScheme(scheme)) {
    auto info = ParseConninfo(url);
    return info.ok() ? ResolvePostgres(*std::move(info), around) : info.status();
  }
  const bool http = scheme == "http" || scheme == "https";
  if (!http && scheme != "tcp" && scheme != "tls") {
    return Wrong(absl::StrCat("its scheme ", Shown(scheme), " is none of postgres, tcp, tls, http, https, dns"));
  }
  if (rest.substr(0, 2) != "//") return Wrong(absl::StrCat("'//' is missing after '", scheme, ":'"));
  rest.remove_prefix(2);
  parsed.target.set_scheme(scheme);
  if (http) {
    if (absl::Status status = ParseHttp(rest, &parsed.target); !status.ok()) return status;
  } else {
    if (rest.find('@') != std::string_view::npos) return Wrong(absl::StrCat(scheme, ":// takes no user"));
    if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
    if (absl::Status status = ParseAuthority(rest, "", &parsed.target); !status.ok()) return status;
    if (parsed.target.port() == 0) return Wrong(absl::StrCat(scheme, ":// needs a port"));
  }
  parsed.target.set_url(UrlOf(parsed.target));
  return parsed;
}

absl::StatusOr<ParsedTarget> ParseNamed(std::string_view url, const Surroundings* around) {
  auto parsed = Parse(url, around);
  if (!parsed.ok()) return InTarget(url, parsed.status());
  return parsed;
}

}  // namespace

absl::StatusOr<ParsedTarget> ParseTarget(std::string_view url, const Surroundings& around) {
  return ParseNamed(url, &around);
}

absl::StatusOr<ParsedTarget> ReadTarget(std::string_view url) { return ParseNamed(url, nullptr); }

std::string WithSslMode(std::string_view url, const std::string& mode) {
  const auto parsed = ReadTarget(url);
  if (!parsed.ok() || parsed->target.scheme() != "postgres") return std::string(url);
  auto info = ParseConninfo(url);
  if (!info.ok()) return std::string(url);
  info->Set({"sslmode", mode, kAsWritten, ""});
  return PrintUri(info->settings);
}

}  // namespace parallax::plan
