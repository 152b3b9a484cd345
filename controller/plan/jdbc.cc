#include "controller/plan/jdbc.h"

#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/plan/percent.h"

namespace parallax::plan {
namespace {

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

// Properties that are libpq's under another name.
constexpr std::pair<std::string_view, std::string_view> kNames[] = {
    {"ApplicationName", "application_name"},
    {"channelBinding", "channel_binding"},
    {"gssEncMode", "gssencmode"},
    {"sslNegotiation", "sslnegotiation"},
    {"requireAuth", "require_auth"},
    {"PGHOST", "host"},
    {"PGPORT", "port"},
    {"PGDBNAME", "dbname"},
};
// Classes and plugins of the application's own: what they would do is not known here.
constexpr std::string_view kPlugins[] = {
    "socketFactory",       "sslfactory",          "sslFactory",         "authenticationPluginClassName",
    "sslhostnameverifier", "sslpasswordcallback", "jaasApplicationName"};
constexpr std::pair<std::string_view, std::string_view> kServerTypes[] = {{"any", "any"},
                                                                          {"primary", "read-write"},
                                                                          {"master", "read-write"},
                                                                          {"secondary", "read-only"},
                                                                          {"slave", "read-only"},
                                                                          {"preferSecondary", "prefer-standby"},
                                                                          {"preferSlave", "prefer-standby"}};

template <size_t N>
std::string_view Find(const std::pair<std::string_view, std::string_view> (&table)[N], std::string_view key) {
  for (const auto& [from, to] : table) {
    if (from == key) return to;
  }
  return "";
}

absl::Status TakeProperty(const std::string& name, const std::string& value, Conninfo* info, std::string* ssl) {
  if (name == "ssl") {
    *ssl = absl::AsciiStrToLower(value.empty() ? "true" : value);
    if (*ssl == "true" || *ssl == "false") return absl::OkStatus();
    return Wrong("its property ssl is neither true nor false: write sslmode=require or verify-full");
  }
  for (const std::string_view plugin : kPlugins) {
    if (plugin != name) continue;
    return Wrong(absl::StrCat("its property ", name,
                              " is a class of the application's, and is not run here: leave it out, and write what it "
                              "does as sslmode=require, verify-ca or verify-full"));
  }
  if (name == "targetServerType") {
    const std::string_view attrs = Find(kServerTypes, value);
    if (attrs.empty())
      return Wrong("its property targetServerType is none of any, primary, secondary, preferSecondary");
    info->Set({"target_session_attrs", std::string(attrs), kAsWritten, absl::StrCat("targetServerType=", value)});
    return absl::OkStatus();
  }
  const std::string_view known = Find(kNames, name);
  info->Set({known.empty() ? name : std::string(known), value, kAsWritten, known.empty() ? "" : name});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Conninfo> ParseJdbc(std::string_view rest) {
  constexpr std::string_view kScheme = "postgresql:";
  if (!rest.starts_with(kScheme)) return Wrong("of jdbc: URLs only jdbc:postgresql: ones lead to PostgreSQL");
  rest.remove_prefix(kScheme.size());
  const size_t mark = rest.find('?');
  const std::string_view query = mark == std::string_view::npos ? "" : rest.substr(mark + 1);
  const std::string_view place = rest.substr(0, mark);
  if (place.find('@') != std::string_view::npos) {
    return Wrong("a jdbc: URL has its user behind the '?': jdbc:postgresql://HOST:PORT/DB?user=app");
  }
  // "jdbc:postgresql:db" and "jdbc:postgresql:/" are of localhost.
  const bool with_host = place.starts_with("//");
  const size_t slash = place.starts_with('/') ? 1 : 0;
  const std::string uri = with_host ? absl::StrCat("postgres:", std::string(place))
                                    : absl::StrCat("postgres://localhost/", std::string(place.substr(slash)));
  auto info = ParseConninfo(uri);
  if (!info.ok()) return info.status();
  info->may_show = query.find('@') == std::string_view::npos;
  if (info->Find("host") == nullptr) info->Set({"host", "localhost", kAsWritten, "where pgjdbc goes without one"});
  std::string ssl;
  for (std::string_view left = query; !left.empty();) {
    const std::string_view item = left.substr(0, left.find('&'));
    left.remove_prefix(std::min(item.size() + 1, left.size()));
    if (item.empty()) continue;
    const size_t equals = item.find('=');
    std::string name;
    std::string value;
    if (!PercentDecode(item.substr(0, equals), &name) ||
        !PercentDecode(equals == std::string_view::npos ? "" : item.substr(equals + 1), &value)) {
      return Wrong("a '%' in its properties is not followed by two hex digits");
    }
    if (name.empty()) return Wrong("one of its properties has no name before the '='");
    if (equals == std::string_view::npos && name != "ssl") return Wrong("one of its properties has no 'NAME='");
    if (absl::Status status = TakeProperty(name, value, &*info, &ssl); !status.ok()) return status;
  }
  // pgjdbc's ssl=true is verify-full since 42.2.5, where no sslmode stands beside it; ssl=false says nothing.
  if (ssl == "true" && info->Find("sslmode") == nullptr) {
    info->Set({"sslmode", "verify-full", kAsWritten, "ssl=true, as pgjdbc reads it"});
  }
  return info;
}

}  // namespace parallax::plan
