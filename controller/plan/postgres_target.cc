#include "controller/plan/postgres_target.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/plan/addresses.h"
#include "controller/plan/host_text.h"
#include "controller/plan/libpq_files.h"
#include "controller/plan/libpq_parameters.h"
#include "controller/plan/postgres_url.h"
#include "controller/plan/several_hosts.h"
#include "controller/plan/values.h"

namespace parallax::plan {
namespace {

constexpr char kDefault[] = "default";
constexpr char kSystem[] = "system";
constexpr size_t kMaxValueBytes = 1024;  // what an agent accepts, too

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

class Resolver {
 public:
  Resolver(Conninfo info, const Surroundings* around) : info_(std::move(info)), around_(around) {}
  absl::StatusOr<ParsedTarget> Resolve();

 private:
  absl::Status CheckNames();
  absl::Status CheckForeign(const Setting& setting);
  absl::Status AddService();
  void AddEnvironment();
  absl::Status CheckValues();
  absl::Status TakePlace();
  absl::Status TakeTls();
  absl::Status TakeParameters();
  void TakeWho();
  void TakePassword();

  // "" when it is nowhere, and where it is empty: libpq takes that for none.
  std::string Value(std::string_view name) const {
    const Setting* found = info_.Find(name);
    return found == nullptr ? "" : found->value;
  }
  bool MayShow(const Setting& setting) const { return info_.may_show && setting.value.find('@') == std::string::npos; }
  void Note(const std::string& name, const std::string& value, const std::string& from, const std::string& note = "",
            bool ignored = false);
  // Of a setting that is part of the target as it stands.
  void NoteSetting(std::string_view name);
  void Ignore(const Setting& setting, std::string_view why) {
    Note(setting.name, "", setting.from, std::string(why), true);
  }

  Conninfo info_;
  const Surroundings* around_;
  ParsedTarget parsed_;
};

void Resolver::Note(const std::string& name, const std::string& value, const std::string& from, const std::string& note,
                    bool ignored) {
  v1::ParameterOrigin* origin = parsed_.target.add_origins();
  origin->set_name(contract::Printable(name, 80));
  origin->set_value(contract::Printable(value, kMaxValueBytes));
  origin->set_from(from);
  origin->set_note(note);
  origin->set_ignored(ignored);
}

void Resolver::NoteSetting(std::string_view name) {
  if (const Setting* found = info_.Find(name); found != nullptr)
    Note(found->name, found->value, found->from, found->note);
}

// A name that is not libpq's. One that is dropped is a default that nobody asked for: sslmod=require would be
// sslmode=prefer.
absl::Status Resolver::CheckForeign(const Setting& setting) {
  const std::string_view why = WhyForeignIsHarmless(setting.name);
  if (!why.empty() && !info_.keyword_form && setting.from == kAsWritten) {
    Ignore(setting, why);
    return absl::OkStatus();
  }
  const std::string lower = absl::AsciiStrToLower(setting.name);
  const std::string near =
      lower.starts_with("ssl") ? "sslmode" : Nearest(lower, {"sslmode", "user", "dbname", "password"});
  const std::string shown = MayShow(setting) ? absl::StrCat(" '", contract::Printable(setting.name, 60), "'") : "";
  if (!near.empty()) return Wrong(absl::StrCat("its parameter", shown, " is not libpq's; is ", near, " meant?"));
  if (info_.keyword_form || setting.from != kAsWritten) {
    return Wrong(absl::StrCat("its parameter", info_.keyword_form ? "" : shown,
                              " is not libpq's, and psql refuses it too: leave it out"));
  }
  if (!info_.may_show) {
    return Wrong("one of its parameters is not libpq's, and an '@' follows: in a password '?' is written %3F, '@' %40");
  }
  Ignore(setting, "it is not libpq's, and nothing is known of it that would change how a connection comes about");
  return absl::OkStatus();
}

absl::Status Resolver::CheckNames() {
  for (const Setting& setting : info_.settings) {
    if (FindLibpqParameter(setting.name) != nullptr) continue;
    if (absl::Status status = CheckForeign(setting); !status.ok()) return WithOrigin(setting, status);
  }
  return absl::OkStatus();
}

absl::Status Resolver::AddService() {
  const Setting* written = info_.Find("service");
  const std::string name = written != nullptr ? written->value : around_->Variable("PGSERVICE");
  if (name.empty()) return absl::OkStatus();
  Note("service", name, written != nullptr ? written->from : "PGSERVICE");
  std::vector<std::string> paths;
  const std::string named = Value("servicefile").empty() ? around_->Variable("PGSERVICEFILE") : Value("servicefile");
  NoteSetting("servicefile");
  if (!named.empty()) {
    paths = {named};
  } else {
    if (!around_->home.empty()) paths.push_back(absl::StrCat(around_->home, "/.pg_service.conf"));
    const std::string folder = around_->Variable("PGSYSCONFDIR");
    paths.push_back(absl::StrCat(folder.empty() ? "/etc/postgresql-common" : folder, "/pg_service.conf"));
  }
  for (const std::string& path : paths) {
    const FileText file = around_->Read(path);
    if (!file.there) continue;
    if (!file.regular || !file.error.empty()) {
      return Wrong(absl::StrCat("its service is looked up in ", contract::Printable(path, 200),
                                ", which cannot be read: ", file.regular ? file.error : "it is no plain file"));
    }
    auto found = FindService(file.text, name, path);
    if (!found.ok()) return Wrong(absl::StrCat("its service cannot be taken: ", std::string(found.status().message())));
    if (!found->has_value()) continue;
    for (Setting& setting : **found) {
      if (FindLibpqParameter(setting.name) == nullptr) {
        return Wrong(absl::StrCat("its service names a parameter that is not libpq's", OriginWords(setting)));
      }
      if (info_.Find(setting.name) == nullptr) info_.settings.push_back(std::move(setting));
    }
    return absl::OkStatus();
  }
  return Wrong(absl::StrCat("its service", info_.may_show ? absl::StrCat(" '", contract::Printable(name, 60), "'") : "",
                            " is not in ", absl::StrJoin(paths, " nor in "), ": write [",
                            "NAME] and its lines there, or host="));
}

void Resolver::AddEnvironment() {
  for (const LibpqParameter& parameter : LibpqParameters()) {
    if (parameter.variable.empty() || parameter.name.starts_with("service")) continue;
    const Setting* there = info_.Find(parameter.name);
    const std::string variable(parameter.variable);
    const std::string value = around_->Variable(variable);
    if (there != nullptr || value.empty()) continue;
    info_.settings.push_back({std::string(parameter.name), value, variable, ""});
  }
}

absl::Status Resolver::CheckValues() {
  for (const Setting& setting : info_.settings) {
    const LibpqParameter* parameter = FindLibpqParameter(setting.name);
    if (parameter == nullptr) continue;
    // libpq takes an empty value for none, but of sslmode.
    if (setting.value.empty() && setting.name != "sslmode") continue;
    if (absl::Status status = CheckLibpqValue(*parameter, setting.value, MayShow(setting)); !status.ok()) {
      return WithOrigin(setting, status);
    }
    if (setting.value.size() > kMaxValueBytes || setting.value.find('\0') != std::string::npos) {
      return WithOrigin(setting,
                        Wrong(absl::StrCat("its ", setting.name, " is longer than ", kMaxValueBytes, " bytes")));
    }
    if (TreatmentOf(*parameter) == Treatment::kHonoured) continue;
    const bool refused = parameter->treatment == Treatment::kRefused;
    Ignore(setting, refused ? "it asks for nothing that is not done anyway" : parameter->words);
  }
  return absl::OkStatus();
}

absl::Status Resolver::TakePlace() {
  if (absl::Status status = CheckOneHost(info_); !status.ok()) return status;
  v1::Target& target = parsed_.target;
  std::string host = Value("host");
  const std::string address = Value("hostaddr");
  if (!address.empty()) {
    const Setting* setting = info_.Find("hostaddr");
    if (!ParseIpv4(address).has_value() && !IsIpv6(address)) {
      return WithOrigin(
          *setting,
          Wrong(absl::StrCat("its hostaddr",
                             MayShow(*setting) ? absl::StrCat(" '", contract::Printable(address, 60), "'") : "",
                             " is no IPv4 or IPv6 address; a name stands in host=")));
    }
    const Setting* named = info_.Find("host");
    if (setting->from != kAsWritten && named != nullptr && named->from == kAsWritten) {
      parsed_.warnings.push_back(absl::StrCat(setting->from, "=", address, " says where ",
                                              contract::Printable(host, 60),
                                              " is, as it does for psql: unset it to go where the name leads"));
    }
    target.set_address(address);
    NoteSetting("hostaddr");
  }
  const bool socket = host.starts_with('/') || host.starts_with('@');
  if (socket && address.empty()) {
    const Setting* setting = info_.Find("host");
    return WithOrigin(
        *setting,
        Wrong(absl::StrCat(
            "its host",
            MayShow(*setting) || host.starts_with('@') ? absl::StrCat(" ", contract::Printable(host, 60)) : "",
            " is a socket of this host, which is not there to be dialled from another place: "
            "write host:port, as in postgres://app@localhost:5432/app for this host's")));
  }
  if (socket || host.empty()) host = address;
  if (host.empty() && around_ != nullptr) {
    return Wrong(
        "it has no host, and neither does PGHOST or a service: psql would take this host's socket, which is not there "
        "to be "
        "dialled from another place; write host:port, or export PGHOST");
  }
  if (!host.empty()) {
    const Setting* setting = info_.Find("host");
    const bool may_show = setting == nullptr || MayShow(*setting);
    if (absl::Status status = CheckHost(host, may_show); !status.ok())
      return setting == nullptr ? status : WithOrigin(*setting, status);
  }
  target.set_host(absl::AsciiStrToLower(host));
  NoteSetting("host");
  const Setting* port = info_.Find("port");
  if (port == nullptr || port->value.empty()) {
    target.set_port(5432);
    Note("port", "5432", kDefault);
    return absl::OkStatus();
  }
  uint32_t number = 0;
  const std::string digits(absl::StripAsciiWhitespace(port->value));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == 0 || number > 65535) {
    const bool show = MayShow(*port);
    return WithOrigin(
        *port, Wrong(absl::StrCat("its port", show ? absl::StrCat(" '", contract::Printable(digits, 60), "'") : "",
                                  " is not a number from 1 to 65535",
                                  show ? "" : "; in a password '/' is written %2F, '?' %3F, '@' %40")));
  }
  target.set_port(number);
  NoteSetting("port");
  return absl::OkStatus();
}

void Resolver::TakeWho() {
  v1::Target& target = parsed_.target;
  target.set_user(Value("user"));
  if (!target.user().empty()) {
    NoteSetting("user");
  } else if (around_ != nullptr && !around_->os_user.empty()) {
    target.set_user(around_->os_user);
    Note("user", target.user(), kDefault, "who runs this, as for psql");
  } else {
    target.set_user("postgres");
    Note("user", target.user(), kDefault, "the system does not say who runs this");
  }
  target.set_database(Value("dbname"));
  if (!target.database().empty()) return NoteSetting("dbname");
  target.set_database(target.user());
  Note("dbname", target.database(), kDefault, "the user's name");
}

absl::Status Resolver::TakeTls() {
  v1::Target& target = parsed_.target;
  target.set_ssl_root_cert(Value("sslrootcert"));
  const bool system = target.ssl_root_cert() == kSystem;
  if (!target.ssl_root_cert().empty()) {
    const Setting* roots = info_.Find("sslrootcert");
    Note("sslrootcert", roots->value, roots->from, system ? "the agents' own store" : "a path on the agents' hosts");
  }
  const Setting* mode = info_.Find("sslmode");
  target.set_ssl_mode(mode != nullptr ? mode->value : system ? "verify-full" : "prefer");
  if (mode == nullptr) {
    Note("sslmode", target.ssl_mode(), kDefault, system ? "where sslrootcert=system" : "");
  } else {
    NoteSetting("sslmode");
  }
  if (system && target.ssl_mode() != "verify-full") {
    return Wrong(
        absl::StrCat("its sslmode is weaker than sslrootcert=system allows, as libpq has it: write "
                     "sslmode=verify-full",
                     mode == nullptr ? "" : OriginWords(*mode)));
  }
  v1::PostgresParameters* parameters = target.mutable_parameters();
  const auto version = [&](const char* name) {
    std::string value = absl::AsciiStrToLower(Value(name));
    if (value.starts_with("tls")) value = absl::StrCat("TLS", value.substr(3));  // "TLSv1.2", as libpq spells it
    NoteSetting(name);
    return value;
  };
  parameters->set_ssl_min_protocol_version(version("ssl_min_protocol_version"));
  parameters->set_ssl_max_protocol_version(version("ssl_max_protocol_version"));
  // The names are in the order of the versions.
  if (!parameters->ssl_max_protocol_version().empty() &&
      parameters->ssl_min_protocol_version() > parameters->ssl_max_protocol_version()) {
    return Wrong("its ssl_min_protocol_version is above its ssl_max_protocol_version");
  }
  parameters->set_no_sni(Value("sslsni") == "0");
  NoteSetting("sslsni");
  return absl::OkStatus();
}

absl::Status Resolver::TakeParameters() {
  v1::PostgresParameters* parameters = parsed_.target.mutable_parameters();
  if (Value("channel_binding") != "prefer") parameters->set_channel_binding(Value("channel_binding"));
  NoteSetting("channel_binding");
  parameters->set_options(Value("options"));
  NoteSetting("options");
  const bool named = !Value("application_name").empty();
  parameters->set_application_name(Value(named ? "application_name" : "fallback_application_name"));
  NoteSetting(named ? "application_name" : "fallback_application_name");
  if (const Setting* wanted = info_.Find("target_session_attrs"); wanted != nullptr) {
    if (wanted->value == "prefer-standby") {
      Ignore(*wanted, "it is of several hosts: of one it takes whatever that is");
    } else {
      if (wanted->value != "any") parameters->set_target_session_attrs(wanted->value);
      NoteSetting("target_session_attrs");
    }
  }
  if (parameters->ByteSizeLong() == 0) parsed_.target.clear_parameters();
  return absl::OkStatus();
}

void Resolver::TakePassword() {
  v1::Target& target = parsed_.target;
  parsed_.password = Value("password");
  if (!parsed_.password.empty()) {
    parsed_.password_from = info_.Find("password")->from;
  } else if (around_ != nullptr) {
    std::string path = Value("passfile");
    NoteSetting("passfile");
    if (path.empty() && !around_->home.empty()) path = absl::StrCat(around_->home, "/.pgpass");
    const FileText file = path.empty() ? FileText() : around_->Read(path);
    const std::string shown = contract::Printable(path, 200);
    if (file.there && !file.regular) {
      parsed_.warnings.push_back(absl::StrCat(shown, " is no plain file: no password is taken from it"));
    } else if (file.there && !file.private_file) {
      parsed_.warnings.push_back(absl::StrCat(shown,
                                              " can be read by others, so no password is taken from it, as psql does "
                                              "not: chmod 0600 ",
                                              shown));
    } else if (!file.error.empty()) {
      parsed_.warnings.push_back(absl::StrCat("no password is taken from ", shown, ": ", file.error));
    } else if (file.there) {
      const auto found = FindPassword(file.text, Value("host").empty() ? target.host() : Value("host"),
                                      absl::StrCat(target.port()), target.database(), target.user());
      if (found.has_value() && !found->password.empty()) {
        parsed_.password = found->password;
        parsed_.password_from = absl::StrCat(shown, " line ", found->line);
      }
    }
  }
  if (!parsed_.password.empty()) Note("password", "", parsed_.password_from);
  target.set_credentials(!parsed_.password.empty());
}

absl::StatusOr<ParsedTarget> Resolver::Resolve() {
  parsed_.target.set_scheme("postgres");
  if (absl::Status status = CheckNames(); !status.ok()) return status;
  if (around_ != nullptr) {
    if (absl::Status status = AddService(); !status.ok()) return status;
    AddEnvironment();
  }
  if (absl::Status status = TakePlace(); !status.ok()) return status;
  if (absl::Status status = CheckValues(); !status.ok()) return status;
  TakeWho();
  if (absl::Status status = TakeTls(); !status.ok()) return status;
  if (absl::Status status = TakeParameters(); !status.ok()) return status;
  TakePassword();
  parsed_.target.set_url(PostgresUrlOf(parsed_.target));
  return std::move(parsed_);
}

}  // namespace

absl::StatusOr<ParsedTarget> ResolvePostgres(Conninfo info, const Surroundings* around) {
  return Resolver(std::move(info), around).Resolve();
}

}  // namespace parallax::plan
