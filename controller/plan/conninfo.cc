#include "controller/plan/conninfo.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/plan/jdbc.h"
#include "controller/plan/percent.h"

namespace parallax::plan {
namespace {

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

bool IsNameByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(absl::string_view(text.data(), text.size())); }

// "h1:5432,[fd00::1],h2" into libpq's host=h1,fd00::1,h2 and port=5432,,
absl::Status ParseHosts(std::string_view text, Conninfo* info) {
  std::string hosts;
  std::string ports;
  bool any_port = false;
  for (bool first = true;; first = false) {
    std::string_view host;
    std::string_view port;
    if (!text.empty() && text.front() == '[') {
      const size_t close = text.find(']');
      if (close == std::string_view::npos) return Wrong("the '[' of its address has no ']'");
      host = text.substr(1, close - 1);
      if (host.empty()) return Wrong("its brackets are empty: it has no host");
      text.remove_prefix(close + 1);
      if (!text.empty() && text.front() != ':' && text.front() != ',')
        return Wrong("something other than ':PORT' follows the ']'");
    } else {
      host = text.substr(0, text.find_first_of(":,"));
      text.remove_prefix(host.size());
    }
    if (!text.empty() && text.front() == ':') {
      port = text.substr(1, text.find(',') - 1);
      text.remove_prefix(port.size() + 1);
      if (port.find(':') != std::string_view::npos) return Wrong("an IPv6 address stands in brackets: [fd00::1]:5432");
      if (port.empty()) return Wrong("its port is empty");
    }
    std::string decoded;
    if (!PercentDecode(host, &decoded)) return Wrong("a '%' in its host is not followed by two hex digits");
    if (!first && decoded.find(',') != std::string::npos) return Wrong("its host holds a ','");
    absl::StrAppend(&hosts, first ? "" : ",", decoded);
    // Not decoded: nobody writes %35 for a 5, and libpq takes no port with a '%'.
    absl::StrAppend(&ports, first ? "" : ",", std::string(port));
    any_port |= !port.empty();
    if (text.empty()) break;
    text.remove_prefix(1);
  }
  if (!hosts.empty()) info->Set({"host", hosts, kAsWritten, ""});
  if (any_port) info->Set({"port", ports, kAsWritten, ""});
  return absl::OkStatus();
}

// ssl=... is of drivers: libpq reads ssl=true as sslmode=require, asyncpg and postgres.js take the modes' names.
absl::Status TakeSsl(const std::string& value, bool may_show, Conninfo* info) {
  if (value == "true") {
    info->Set({"sslmode", "require", kAsWritten, "ssl=true, as libpq reads it"});
    return absl::OkStatus();
  }
  if (contract::SslModeFromName(value).has_value()) {
    info->Set({"sslmode", value, kAsWritten, absl::StrCat("ssl=", value)});
    return absl::OkStatus();
  }
  return Wrong(absl::StrCat("its parameter ssl", may_show ? absl::StrCat("=", contract::Printable(value, 20)) : "",
                            " means other things to other drivers: write sslmode=disable, prefer, require, verify-ca "
                            "or verify-full"));
}

absl::Status ParseQuery(std::string_view query, Conninfo* info) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view item = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (item.empty()) continue;
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return Wrong(
          "one of its parameters has no 'NAME=': write ?name=value&name=value; in a password '?' is written %3F");
    }
    std::string name;
    std::string value;
    if (!PercentDecode(item.substr(0, equals), &name) || !PercentDecode(item.substr(equals + 1), &value)) {
      return Wrong("a '%' in its parameters is not followed by two hex digits");
    }
    if (name == "ssl") {
      if (absl::Status status = TakeSsl(value, item.find('@') == std::string_view::npos, info); !status.ok())
        return status;
      continue;
    }
    info->Set({name, value, kAsWritten, ""});
  }
  return absl::OkStatus();
}

absl::StatusOr<Conninfo> ParseUri(std::string_view rest) {
  Conninfo info;
  std::string_view query;
  if (const size_t mark = rest.find('?'); mark != std::string_view::npos) {
    query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  info.may_show = query.find('@') == std::string_view::npos;
  // An unescaped '@' or '/' in a password is a common slip: the last '@' ends the credentials.
  const size_t at = rest.rfind('@');
  const std::string_view credentials = at == std::string_view::npos ? "" : rest.substr(0, at);
  std::string_view authority = at == std::string_view::npos ? rest : rest.substr(at + 1);
  std::string_view database;
  if (const size_t slash = authority.find('/'); slash != std::string_view::npos) {
    database = authority.substr(slash + 1);
    authority = authority.substr(0, slash);
  }
  const size_t colon = credentials.find(':');
  std::string user;
  std::string password;
  std::string name;
  if (!PercentDecode(credentials.substr(0, colon), &user))
    return Wrong("a '%' in its user is not followed by two hex digits");
  if (colon != std::string_view::npos && !PercentDecode(credentials.substr(colon + 1), &password)) {
    return Wrong("a '%' in its password is not followed by two hex digits: write a '%' of the password as %25");
  }
  if (!PercentDecode(database, &name)) return Wrong("a '%' in its database is not followed by two hex digits");
  if (!user.empty()) info.Set({"user", user, kAsWritten, ""});
  if (!password.empty()) info.Set({"password", password, kAsWritten, ""});
  if (absl::Status status = ParseHosts(authority, &info); !status.ok()) return status;
  if (!name.empty()) info.Set({"dbname", name, kAsWritten, ""});
  if (absl::Status status = ParseQuery(query, &info); !status.ok()) return status;
  return info;
}

// One value of the keyword/value form, taken off the front. False where its quote is not closed.
bool TakeValue(std::string_view* text, std::string* value) {
  value->clear();
  const bool quoted = text->starts_with('\'');
  if (quoted) text->remove_prefix(1);
  while (!text->empty()) {
    const char c = text->front();
    if (quoted ? c == '\'' : IsSpace(c)) {
      text->remove_prefix(1);
      return true;
    }
    text->remove_prefix(1);
    if (c != '\\') {
      *value += c;
    } else if (!text->empty()) {
      *value += text->front();
      text->remove_prefix(1);
    }
  }
  return !quoted;
}

void SkipSpace(std::string_view* text) {
  while (!text->empty() && IsSpace(text->front())) text->remove_prefix(1);
}

absl::StatusOr<Conninfo> ParseKeywords(std::string_view text) {
  Conninfo info;
  info.keyword_form = true;
  for (SkipSpace(&text); !text.empty(); SkipSpace(&text)) {
    const std::string name(text.substr(
        0, std::find_if(text.begin(), text.end(), [](char c) { return c == '=' || IsSpace(c); }) - text.begin()));
    text.remove_prefix(name.size());
    SkipSpace(&text);
    // The word may be the rest of a password with a space in it: it is not repeated.
    if (text.empty() || text.front() != '=' || name.empty()) {
      return Wrong(
          "a word of it has no '=' behind it: a value with a space stands in quotes, as in password='two words'");
    }
    text.remove_prefix(1);
    SkipSpace(&text);
    std::string value;
    if (!TakeValue(&text, &value)) {
      return Wrong("the quote of one of its values is not closed; a quote in a value is written \\'");
    }
    info.Set({name, value, kAsWritten, ""});
  }
  return info;
}

bool NeedsQuery(const Setting& setting) {
  return setting.name != "user" && setting.name != "password" && setting.name != "dbname" && setting.name != "host" &&
         setting.name != "port";
}

}  // namespace

const Setting* Conninfo::Find(std::string_view name) const {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
  return found == settings.end() ? nullptr : &*found;
}

void Conninfo::Set(Setting setting) {
  const auto found =
      std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.name == setting.name; });
  if (found == settings.end()) {
    settings.push_back(std::move(setting));
  } else {
    *found = std::move(setting);
  }
}

std::string OriginWords(const Setting& setting) {
  return setting.from == kAsWritten ? "" : absl::StrCat(" (it comes from ", setting.from, ")");
}

absl::Status WithOrigin(const Setting& setting, const absl::Status& status) {
  return status.ok() ? status : Wrong(absl::StrCat(std::string(status.message()), OriginWords(setting)));
}

bool IsKeywordForm(std::string_view text) {
  SkipSpace(&text);
  const auto name = std::find_if_not(text.begin(), text.end(), IsNameByte);
  if (name == text.begin()) return false;
  text.remove_prefix(static_cast<size_t>(name - text.begin()));
  SkipSpace(&text);
  return text.starts_with('=');
}

bool IsPostgresScheme(std::string_view scheme) {
  const std::string_view first = scheme.substr(0, scheme.find('+'));
  return first == "postgres" || first == "postgresql" || scheme == "jdbc" || scheme == "prisma+postgres";
}

absl::StatusOr<Conninfo> ParseConninfo(std::string_view text) {
  if (IsKeywordForm(text)) return ParseKeywords(text);
  const size_t colon = text.find(':');
  const std::string scheme = Lower(text.substr(0, colon));
  std::string_view rest = text.substr(std::min(text.size(), colon + 1));
  if (scheme == "prisma+postgres") {
    return Wrong(
        "prisma+postgres:// leads to Prisma's proxy over https, which speaks no PostgreSQL: write the direct URL, "
        "as DIRECT_URL has it");
  }
  if (scheme == "jdbc") return ParseJdbc(rest);
  const size_t plus = scheme.find('+');
  const std::string driver = plus == std::string::npos ? "" : scheme.substr(plus + 1);
  if (driver == "ssl" || driver == "tls") {
    return Wrong(absl::StrCat("'+", driver, "' is not of PostgreSQL: write postgres:// and ?sslmode=require"));
  }
  if (driver == "unix")
    return Wrong("'+unix' is a socket of one host, which has no two sides: write postgres://HOST:PORT");
  if (!rest.starts_with("//")) return Wrong(absl::StrCat("'//' is missing after '", scheme, ":'"));
  rest.remove_prefix(2);
  return ParseUri(rest);
}

std::string PrintUri(const std::vector<Setting>& settings) {
  Conninfo info;
  for (const Setting& setting : settings) info.Set(setting);
  const auto value = [&](std::string_view name) {
    const Setting* found = info.Find(name);
    return found == nullptr ? std::string() : found->value;
  };
  std::string url = "postgres://";
  const std::string user = value("user");
  const std::string password = value("password");
  absl::StrAppend(&url, PercentEncode(user), password.empty() ? "" : ":", PercentEncode(password));
  if (!user.empty() || !password.empty()) absl::StrAppend(&url, "@");
  const std::string host = value("host");
  const std::string port = value("port");
  // One address or one name stands before the '/'; whatever else there may be, in the parameters.
  const auto plain = [](const std::string& text, std::string_view also) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || also.find(c) != std::string_view::npos;
    });
  };
  const bool v6 = host.find(':') != std::string::npos && plain(host, ":.");
  const bool in_place = v6 || plain(host, "-._");
  const bool port_in_place = in_place && plain(port, "");
  if (in_place) absl::StrAppend(&url, v6 ? "[" : "", host, v6 ? "]" : "");
  if (port_in_place) absl::StrAppend(&url, ":", port);
  if (const std::string database = value("dbname"); !database.empty())
    absl::StrAppend(&url, "/", PercentEncode(database));
  std::string_view before = "?";
  const auto add = [&](const std::string& name, const std::string& what) {
    absl::StrAppend(&url, std::string(before), PercentEncode(name), "=", PercentEncode(what, "/,"));
    before = "&";
  };
  for (const auto& [name, placed] : {std::pair<std::string, bool>("host", in_place), {"port", port_in_place}}) {
    if (info.Find(name) != nullptr && !placed) add(name, value(name));
  }
  for (const char* name : {"user", "password", "dbname"}) {
    if (const Setting* found = info.Find(name); found != nullptr && found->value.empty()) add(name, "");
  }
  for (const Setting& setting : info.settings) {
    if (NeedsQuery(setting)) add(setting.name, setting.value);
  }
  return url;
}

std::string PrintKeywords(const std::vector<Setting>& settings) {
  std::string text;
  for (const Setting& setting : settings) {
    absl::StrAppend(&text, text.empty() ? "" : " ", setting.name, "='");
    for (const char c : setting.value) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    text += '\'';
  }
  return text;
}

}  // namespace parallax::plan
