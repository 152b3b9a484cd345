#include "controller/plan/libpq_parameters.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::plan {
namespace {

constexpr std::string_view kTimeouts = "--timeout says how long each step may take, on every side alike";
constexpr std::string_view kKeepalives = "it is of sessions that stay open for long; --hold asks about those";
constexpr std::string_view kTlsVersions = "TLSv1|TLSv1.1|TLSv1.2|TLSv1.3";
constexpr std::string_view kClientCertificate =
    "client certificates are not spoken by the staged probe: leave it out, and use a role with a password";
constexpr std::string_view kLists = "revocation lists are not read here: leave it out";
constexpr std::string_view kNoGss = "GSSAPI is not spoken here, so nothing of it is used";
constexpr std::string_view kOauth =
    "OAuth is not spoken here: leave it out; without it the probe goes as far as the server's question for it";
constexpr std::string_view kKeys =
    "SCRAM is spoken with the password, not with its keys: leave it out and give --password-from";
constexpr std::string_view kOneHost = "every address of the host is probed, each by itself, whatever the order";

constexpr Treatment kHonoured = Treatment::kHonoured;
constexpr Treatment kHarmless = Treatment::kHarmless;
constexpr Treatment kRefused = Treatment::kRefused;

bool Among(std::string_view value, std::string_view list) {
  const std::string lower = absl::AsciiStrToLower(std::string(value));
  while (!list.empty()) {
    const size_t end = std::min(list.find('|'), list.size());
    if (lower == absl::AsciiStrToLower(std::string(list.substr(0, end)))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

std::string Listed(std::string_view list) {
  std::string text(list);
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at)) text.replace(at, 1, ", ");
  return text;
}

bool IsInteger(std::string_view value) {
  const std::string text(absl::StripAsciiWhitespace(absl::string_view(value.data(), value.size())));
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() && !digits.empty();
}

struct Foreign {
  std::string_view name;
  std::string_view why;
};
constexpr std::string_view kPool = "it is of the application's pool";
constexpr std::string_view kSession = "it is of the session after the login";
constexpr std::string_view kWaits = "it is how long the application waits; here --timeout says so";
// Of Prisma, JDBC, node-pg, SQLAlchemy, asyncpg, psycopg, pgx, npgsql and Rails, in lower case.
constexpr Foreign kForeign[] = {
    {"schema", kSession},
    {"currentschema", kSession},
    {"search_path", kSession},
    {"statement_timeout", kSession},
    {"lock_timeout", kSession},
    {"idle_in_transaction_session_timeout", kSession},
    {"timezone", kSession},
    {"readonly", kSession},
    {"preparethreshold", kSession},
    {"prepared_statements", kSession},
    {"prepared_statement_cache_size", kSession},
    {"statement_cache_size", kSession},
    {"statement_cache_capacity", kSession},
    {"default_query_exec_mode", kSession},
    {"rewritebatchedinserts", kSession},
    {"rewritebatchedinserts", kSession},
    {"stringtype", kSession},
    {"autosave", kSession},
    {"binarytransfer", kSession},
    {"defaultrowfetchsize", kSession},
    {"assumeminserverversion", kSession},
    {"loglevel", "it is of the application's log"},
    {"loggerlevel", "it is of the application's log"},
    {"pgbouncer", kPool},
    {"connection_limit", kPool},
    {"pool_timeout", kPool},
    {"pool_size", kPool},
    {"pool_min_conns", kPool},
    {"pool_max_conns", kPool},
    {"max_connections", kPool},
    {"max_overflow", kPool},
    {"pool", kPool},
    {"max", kPool},
    {"socket_timeout", kWaits},
    {"sockettimeout", kWaits},
    {"connecttimeout", kWaits},
    {"logintimeout", kWaits},
    {"canceltimeout", kWaits},
    {"timeout", kWaits},
    {"command_timeout", kWaits},
    {"query_timeout", kWaits},
    {"max_idle_connection_lifetime", kPool},
    {"tcpkeepalive", kKeepalives},
    {"charset", kSession},
    {"encoding", kSession},
};

}  // namespace

const std::vector<LibpqParameter>& LibpqParameters() {
  static const auto& table = *new std::vector<LibpqParameter>{
      {"host", "PGHOST", kHonoured, "", "", ""},
      {"hostaddr", "PGHOSTADDR", kHonoured, "", "", ""},
      {"port", "PGPORT", kHonoured, "", "", ""},
      {"dbname", "PGDATABASE", kHonoured, "", "", ""},
      {"user", "PGUSER", kHonoured, "", "", ""},
      {"password", "PGPASSWORD", kHonoured, "", "", ""},
      {"passfile", "PGPASSFILE", kHonoured, "", "", ""},
      {"require_auth", "PGREQUIREAUTH", kRefused, "", "",
       "which methods are accepted is not weighed here: leave it out; the report says which one the server asked for"},
      {"channel_binding", "PGCHANNELBINDING", kHonoured, "disable|prefer|require", "", ""},
      {"connect_timeout", "PGCONNECT_TIMEOUT", kHarmless, "int", "", kTimeouts},
      {"client_encoding", "PGCLIENTENCODING", kHarmless, "", "",
       "the probes ask for UTF8: how texts are spelled changes no connection"},
      {"options", "PGOPTIONS", kHonoured, "", "", ""},
      {"application_name", "PGAPPNAME", kHonoured, "", "", ""},
      {"fallback_application_name", "", kHonoured, "", "", ""},
      {"keepalives", "", kHarmless, "int", "", kKeepalives},
      {"keepalives_idle", "", kHarmless, "int", "", kKeepalives},
      {"keepalives_interval", "", kHarmless, "int", "", kKeepalives},
      {"keepalives_count", "", kHarmless, "int", "", kKeepalives},
      {"tcp_user_timeout", "", kHarmless, "int", "", kTimeouts},
      {"replication", "", kRefused, "", "false|off|no|0",
       "a replication connection runs no query: leave it out; another line of pg_hba.conf may be for it"},
      {"gssencmode", "PGGSSENCMODE", kRefused, "disable|prefer|require", "disable|prefer",
       "GSSAPI encryption is not spoken here: write gssencmode=disable and an sslmode"},
      {"sslmode", "PGSSLMODE", kHonoured, "disable|allow|prefer|require|verify-ca|verify-full", "", ""},
      {"requiressl", "", kRefused, "", "0", "libpq has left it behind: write sslmode=require"},
      {"sslnegotiation", "PGSSLNEGOTIATION", kRefused, "postgres|direct", "postgres",
       "TLS without the SSLRequest before it is not spoken here: write sslnegotiation=postgres, which a server that "
       "takes "
       "the direct kind takes too"},
      {"sslcompression", "PGSSLCOMPRESSION", kHarmless, "", "", "no release of OpenSSL that is in use compresses"},
      {"sslcert", "PGSSLCERT", kRefused, "", "", kClientCertificate},
      {"sslkey", "PGSSLKEY", kRefused, "", "", kClientCertificate},
      {"sslkeylogfile", "", kHarmless, "", "", "it is a file of the application's; no keys are written here"},
      {"sslpassword", "", kRefused, "", "", kClientCertificate},
      {"sslcertmode", "PGSSLCERTMODE", kRefused, "disable|allow|require", "disable|allow", kClientCertificate},
      {"sslrootcert", "PGSSLROOTCERT", kHonoured, "", "", ""},
      {"sslcrl", "PGSSLCRL", kRefused, "", "", kLists},
      {"sslcrldir", "PGSSLCRLDIR", kRefused, "", "", kLists},
      {"sslsni", "PGSSLSNI", kHonoured, "0|1", "", ""},
      {"requirepeer", "PGREQUIREPEER", kHarmless, "", "", "it is of Unix sockets, and this is TCP"},
      {"ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", kHonoured, kTlsVersions, "", ""},
      {"ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", kHonoured, kTlsVersions, "", ""},
      {"min_protocol_version", "PGMINPROTOCOLVERSION", kRefused, "3.0|3.2|latest", "3.0",
       "version 3.0 of the protocol is spoken here: write min_protocol_version=3.0"},
      {"max_protocol_version", "PGMAXPROTOCOLVERSION", kHarmless, "3.0|3.2|latest", "",
       "version 3.0 of the protocol is spoken here, which every server takes"},
      {"krbsrvname", "PGKRBSRVNAME", kHarmless, "", "", kNoGss},
      {"gsslib", "PGGSSLIB", kHarmless, "", "", kNoGss},
      {"gssdelegation", "PGGSSDELEGATION", kHarmless, "0|1", "", kNoGss},
      {"scram_client_key", "", kRefused, "", "", kKeys},
      {"scram_server_key", "", kRefused, "", "", kKeys},
      {"service", "PGSERVICE", kHonoured, "", "", ""},
      {"servicefile", "PGSERVICEFILE", kHonoured, "", "", ""},
      {"target_session_attrs", "PGTARGETSESSIONATTRS", kHonoured,
       "any|read-write|read-only|primary|standby|prefer-standby", "", ""},
      {"load_balance_hosts", "PGLOADBALANCEHOSTS", kHarmless, "disable|random", "", kOneHost},
      {"oauth_issuer", "", kRefused, "", "", kOauth},
      {"oauth_client_id", "", kRefused, "", "", kOauth},
      {"oauth_client_secret", "", kRefused, "", "", kOauth},
      {"oauth_scope", "", kRefused, "", "", kOauth},
      // What older ones knew, and later ones take and ignore.
      {"authtype", "", kHarmless, "", "", "libpq ignores it too"},
      {"tty", "", kHarmless, "", "", "libpq ignores it too"},
  };
  return table;
}

const LibpqParameter* FindLibpqParameter(std::string_view name) {
  const auto& table = LibpqParameters();
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.name == name; });
  return found == table.end() ? nullptr : &*found;
}

absl::Status CheckLibpqValue(const LibpqParameter& parameter, std::string_view value, bool may_show) {
  const std::string name(parameter.name);
  const std::string shown = may_show ? absl::StrCat(" '", contract::Printable(value, 60), "'") : "";
  if (parameter.values == "int") {
    if (IsInteger(value)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("its ", name, shown, " is not a whole number"));
  }
  // In the case that libpq wants: of TLS versions any.
  const bool any_case = parameter.values == kTlsVersions;
  if (!parameter.values.empty() &&
      (!Among(value, parameter.values) ||
       (!any_case && value != absl::AsciiStrToLower(absl::string_view(value.data(), value.size()))))) {
    return absl::InvalidArgumentError(absl::StrCat("its ", name, shown, " is none of ", Listed(parameter.values)));
  }
  if (parameter.treatment != Treatment::kRefused || Among(value, parameter.harmless)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("its parameter ", name, " cannot be honoured: ", std::string(parameter.words)));
}

Treatment TreatmentOf(const LibpqParameter& parameter) {
  return parameter.treatment == Treatment::kHonoured ? Treatment::kHonoured : Treatment::kHarmless;
}

std::string_view WhyForeignIsHarmless(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
  for (const Foreign& foreign : kForeign) {
    if (foreign.name == lower) return foreign.why;
  }
  return "";
}

}  // namespace parallax::plan
