#include "agent/clients/sql_client.h"

#include <poll.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <random>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/clients/adopted_connection.h"
#include "agent/clients/postgres_connect.h"
#include "agent/clients/server_error.h"
#include "agent/probes/dial.h"
#include "agent/probes/held.h"
#include "agent/probes/secret_target.h"
#include "contract/digest.h"
#include "contract/limits.h"
#include "contract/names.h"

namespace parallax::clients {
namespace {

constexpr size_t kBlockBytes = 32;  // of md5() in hex, what DOWNLOAD is made of
// What a server makes of it: text that no compression on the way makes much smaller than half.
constexpr char kDownload[] =
    "SELECT made.text, encode(sha256(convert_to(made.text, 'UTF8')), 'hex') FROM (SELECT left(string_agg(md5($1::text "
    "|| "
    "block::text), ''), $2::int) AS text FROM generate_series(1, $3::int) AS block) AS made";
constexpr char kUpload[] = "SELECT length($1::text), encode(sha256(convert_to($1::text, 'UTF8')), 'hex')";
constexpr char kFacts[] =
    "SELECT pg_backend_pid(), pg_is_in_recovery() OR current_setting('transaction_read_only')::bool, "
    "coalesce(host(inet_client_addr()), ''), coalesce(host(inet_server_addr()) || ':' || inet_server_port(), '')";
constexpr char kWritable[] =
    "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::bool, pg_backend_pid()";

constexpr char kReadOnlyTransaction[] = "25006";
constexpr char kInsufficientPrivilege[] = "42501";

// How a step ended when it did not throw.
struct Ended {
  v1::Failure failure = v1::NONE;
  std::string text;
};

// exec_params() is the only call with parameters that libpqxx 6 and 7 share; late releases of 7 deprecate it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
// With the unnamed statement, which a pooler can hand on: parse, bind and execute travel together.
template <typename... Parameters>
pqxx::result Ask(pqxx::transaction_base& transaction, const char* sql, const Parameters&... parameters) {
  return transaction.exec_params(sql, parameters...);
}
#pragma GCC diagnostic pop

uint64_t Random() {
  std::random_device device;
  return std::uniform_int_distribution<uint64_t>(1, std::numeric_limits<int64_t>::max() / 2)(device);
}

std::string RandomText(size_t size) {
  constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  std::mt19937_64 generator(Random());
  std::string text(size, '\0');
  for (char& c : text) c = kDigits[generator() & 63];
  return text;
}

// libpq's messages have several lines, with tabs.
std::string OneLine(std::string_view message) {
  std::string line(message);
  absl::RemoveExtraAsciiWhitespace(&line);
  return line;
}

std::string LibraryVersions() {
  const int pq = PQlibVersion();
  return absl::StrCat("libpqxx ", PQXX_VERSION, ", libpq ", pq / 10000, ".", pq % 10000);
}

class SqlRun {
 public:
  SqlRun(const v1::SqlProbe& spec, const probes::Context& context, Reporter& reporter)
      : spec_(spec), context_(context), reporter_(reporter), watch_(reporter) {}

  void Run();

 private:
  bool Connect();
  // libpq's words for what the spec says.
  std::vector<std::pair<std::string, std::string>> Parameters() const;
  // Logs in by the one rule of what a password may answer; once more, by SCRAM alone, where the certificate demands it.
  PostgresLogin Login(SocketWatch& watch);
  Ended Query(v1::ClientDetails* client);
  Ended Ddl(v1::ClientDetails* client);
  Ended Download(v1::ClientDetails* client);
  Ended Upload(v1::ClientDetails* client);
  // What a fresh session answers to BEGIN; "" when it begins, or cannot be had.
  std::string WhyNoTransaction();
  // Keeps the session open for spec.hold_ms, as a pool does; a step says so when the server ended it before.
  void Hold();

  // Runs one step; libpqxx's exceptions become its failure. False when the connection is no more.
  bool Step(v1::StepKind kind, Ended (SqlRun::*body)(v1::ClientDetails*));
  void Count(v1::Failure failure);
  // What the server's last words were when it ended the session: an exception does not keep them, libpq does.
  bool LastWords(v1::ServerError* error) const;
  // Ends the connection's record, and tells `step` of it. What the end was; CLOSED where no socket tells.
  v1::Failure NoteLost(v1::Step* step);
  // The bytes that the connection has moved since `before`.
  void NoteTraffic(v1::Step* step, const v1::Connection& before) const;

  const v1::SqlProbe& spec_;
  const probes::Context& context_;
  Reporter& reporter_;
  probes::Destination to_;
  std::string password_;
  bool scram_only_ = false;  // the certificate is known to be another's
  SocketWatch watch_;
  std::unique_ptr<AdoptedConnection> session_;
  v1::Failure outcome_ = v1::NONE;  // of the first step that failed
};

void SqlRun::Count(v1::Failure failure) {
  if (outcome_ == v1::NONE) outcome_ = failure;
  reporter_.observation()->set_outcome(outcome_);
}

std::vector<std::pair<std::string, std::string>> SqlRun::Parameters() const {
  const int64_t step_ms = context_.step_timeout_ns / net::kMs;
  const std::string& host = spec_.endpoint().host();
  const v1::PostgresParameters& asked = spec_.parameters();
  std::vector<std::pair<std::string, std::string>> parameters = {
      {"host", host.empty() ? to_.address : host},
      {"hostaddr", to_.address},
      {"port", absl::StrCat(to_.port)},
      {"user", spec_.user()},
      {"dbname", spec_.database().empty() ? spec_.user() : spec_.database()},
      {"sslmode", spec_.ssl_mode() == v1::SSL_MODE_UNSPECIFIED ? "prefer" : contract::Name(spec_.ssl_mode())},
      {"application_name", asked.application_name().empty() ? "parallax" : asked.application_name()},
      {"client_encoding", "UTF8"},
      {"gssencmode", "disable"},
      {"passfile", "/dev/null/none"},  // is nowhere; of one that is no plain file libpq would warn
      {"target_session_attrs", asked.target_session_attrs().empty() ? "any" : asked.target_session_attrs()},
      {"channel_binding", asked.channel_binding().empty() ? "prefer" : asked.channel_binding()},
      // Behind our own deadlines; for what outlives them.
      {"connect_timeout", absl::StrCat(std::max<int64_t>(2, step_ms / 1000 + 1))},
      {"tcp_user_timeout", absl::StrCat(step_ms)},
  };
  if (!password_.empty()) parameters.emplace_back("password", password_);
  for (const auto& [name, value] :
       {std::pair("options", asked.options()), std::pair("sslsni", std::string(asked.no_sni() ? "0" : "")),
        std::pair("ssl_min_protocol_version", asked.ssl_min_protocol_version()),
        std::pair("ssl_max_protocol_version", asked.ssl_max_protocol_version())}) {
    if (!value.empty()) parameters.emplace_back(name, value);
  }
  if (scram_only_) {
    const bool can_say = PQlibVersion() >= 160000;  // an older one knows no other way to refuse all but SCRAM
    parameters.emplace_back(can_say ? "require_auth" : "channel_binding", can_say ? "scram-sha-256" : "require");
  }
  if (!spec_.ssl_root_cert().empty()) parameters.emplace_back("sslrootcert", spec_.ssl_root_cert());
  return parameters;
}

PostgresLogin SqlRun::Login(SocketWatch& watch) {
  LoginRules rules;
  rules.has_password = !password_.empty();
  rules.may_be_plain = spec_.ssl_mode() < v1::REQUIRE;
  rules.scram_only = scram_only_;
  rules.name = spec_.endpoint().host().empty() ? to_.address : spec_.endpoint().host();
  rules.root_cert = spec_.ssl_root_cert();
  PostgresLogin login = ConnectPostgres(Parameters(), rules, to_, context_, context_.StepDeadline(), watch);
  if (!login.known_other || scram_only_) return login;
  const std::string why = login.withheld;
  rules.scram_only = scram_only_ = true;
  login = ConnectPostgres(Parameters(), rules, to_, context_, context_.StepDeadline(), watch);
  if (!login.withheld.empty()) login.withheld = absl::StrCat(why, "; ", login.withheld);
  return login;
}

bool SqlRun::Connect() {
  v1::Step* step = reporter_.Begin(v1::CLIENT_CONNECT);
  v1::ClientDetails* client = step->mutable_client();
  client->set_library(LibraryVersions());
  const auto end = [&](v1::Failure failure, const std::string& text) {
    if (watch_.index() > 0) step->set_connection(watch_.index());
    NoteTraffic(step, v1::Connection());
    if (failure == v1::TIMED_OUT) step->set_end(probes::EndOfWait(*step));
    reporter_.End(step, failure, OneLine(text));
    Count(failure);
    return failure == v1::NONE;
  };
  if (absl::Status allowed = context_.policy.CheckAddress(to_.address, to_.port); !allowed.ok()) {
    return end(v1::DENIED_BY_POLICY, std::string(allowed.message()));
  }
  PostgresLogin login = Login(watch_);
  client->set_password_unused(!password_.empty() && !login.used_password);
  if (!login.withheld.empty()) {
    client->set_withheld_why(login.withheld);
    client->set_not_tried(absl::StrCat("the password was withheld: ", login.withheld));
    end(v1::NONE, client->not_tried());
    return false;
  }
  if (login.failure != v1::NONE) {
    if (!login.error.code().empty()) *step->mutable_server_error() = login.error;
    if (login.needs_password && password_.empty() && login.error.code().empty()) {
      client->set_not_tried("the server asks for a password, and none was given");
      end(v1::NONE, client->not_tried());
      return false;
    }
    return end(login.failure, login.text);
  }
  const char* version = PQparameterStatus(login.connection.get(), "server_version");
  client->set_server_version(contract::Printable(version == nullptr ? "" : version, 64));
  client->set_backend_pid(PQbackendPID(login.connection.get()));
  try {
    session_ = std::make_unique<AdoptedConnection>(std::move(login.connection));
  } catch (const std::exception& failed) {
    return end(v1::PROTOCOL_VIOLATION, failed.what());
  }
  return end(v1::NONE, "");
}

Ended SqlRun::Query(v1::ClientDetails* client) {
  const auto nonce = static_cast<int64_t>(Random());
  {
    pqxx::nontransaction statement(session_->get());
    const pqxx::result answer = Ask(statement, "SELECT $1::bigint + 1", nonce);
    if (answer.size() != 1 || answer[0][0].as<std::string>("") != absl::StrCat(nonce + 1)) {
      return {v1::PROTOCOL_VIOLATION, "the server was asked for a number plus one, and gave another"};
    }
  }
  // What the user asked is answered; these facts are ours, and a server may keep them to itself.
  try {
    pqxx::nontransaction statement(session_->get());
    const pqxx::result facts = statement.exec(kFacts);
    client->set_backend_pid(facts[0][0].as<int>(0));
    client->set_read_only(facts[0][1].as<bool>(false));
    client->set_client_address(contract::Printable(facts[0][2].as<std::string>(""), 64));
    client->set_server_address(contract::Printable(facts[0][3].as<std::string>(""), 64));
  } catch (const pqxx::sql_error& kept) {
    return {v1::NONE, absl::StrCat("of itself it says: ", OneLine(kept.what()))};
  }
  return {};
}

Ended SqlRun::Ddl(v1::ClientDetails* client) {
  const auto not_tried = [&](const std::string& why) {
    client->set_not_tried(why);
    return Ended{v1::NONE, absl::StrCat("not tried: ", why)};
  };
  const std::string table = absl::StrCat("parallax_", absl::Hex(Random(), absl::kZeroPad16));
  try {
    std::optional<pqxx::work> transaction;
    try {
      transaction.emplace(session_->get());
    } catch (const std::exception&) {
      // The session worked until then. A pooler that pools by statement says no and hangs up, and libpqxx loses what it
      // said: ask once more, to know this from a connection that broke.
      const std::string why = WhyNoTransaction();
      if (why.empty()) throw;
      return not_tried(absl::StrCat("the server, or a pooler before it, begins no transaction: ", why));
    }
    // All in one transaction: a pooler may give the next one to another session.
    const pqxx::result state = transaction->exec(kWritable);
    client->set_backend_pid(state[0][2].as<int>(0));
    const bool replica = state[0][0].as<bool>(false);
    client->set_read_only(replica || state[0][1].as<bool>(false));
    if (client->read_only()) {
      return not_tried(replica ? "this server is a replica, in recovery" : "transactions are read-only here");
    }
    transaction->exec(absl::StrCat("SET LOCAL statement_timeout = ", context_.step_timeout_ns / net::kMs));
    transaction->exec(absl::StrCat("CREATE TABLE ", table, " (id bigint PRIMARY KEY, made text)"));
    const pqxx::result there = Ask(*transaction, "SELECT count(*) FROM pg_class WHERE relname = $1", table);
    transaction->abort();
    transaction.reset();
    if (there[0][0].as<int>(0) != 1) return {v1::PROTOCOL_VIOLATION, "the table that was made is not to be seen"};
  } catch (const pqxx::sql_error& refused) {
    v1::ServerError error;
    if (FindServerError(refused.what(), &error) && error.code() == kReadOnlyTransaction) {
      client->set_read_only(true);
      return not_tried("transactions are read-only here");
    }
    throw;
  }
  pqxx::nontransaction statement(session_->get());
  const pqxx::result left = Ask(statement, "SELECT count(*) FROM pg_class WHERE relname = $1", table);
  if (left[0][0].as<int>(0) == 0) return {};
  return {v1::PROTOCOL_VIOLATION,
          absl::StrCat("the table is still there after the rollback; as its owner run: DROP TABLE ", table)};
}

Ended SqlRun::Download(v1::ClientDetails* client) {
  pqxx::nontransaction statement(session_->get());
  const auto bytes = static_cast<int64_t>(spec_.download_bytes());
  const int64_t blocks = (bytes + int64_t{kBlockBytes} - 1) / int64_t{kBlockBytes};
  const pqxx::result answer = Ask(statement, kDownload, absl::StrCat(Random()), bytes, blocks);
  const std::string text = answer[0][0].as<std::string>("");
  client->set_bytes(text.size());
  if (text.size() == spec_.download_bytes() && contract::Digest(text) == answer[0][1].as<std::string>("")) return {};
  return {v1::PROTOCOL_VIOLATION,
          absl::StrCat(text.size(), " bytes came of ", bytes, ", or others than the server sent")};
}

Ended SqlRun::Upload(v1::ClientDetails* client) {
  pqxx::nontransaction statement(session_->get());
  const std::string text = RandomText(spec_.upload_bytes());
  const pqxx::result answer = Ask(statement, kUpload, text);
  const auto arrived = answer[0][0].as<uint64_t>(0);
  client->set_bytes(arrived);
  if (arrived == text.size() && contract::Digest(text) == answer[0][1].as<std::string>("")) return {};
  return {v1::PROTOCOL_VIOLATION,
          absl::StrCat(arrived, " bytes arrived of ", text.size(), ", or others than were sent")};
}

bool SqlRun::LastWords(v1::ServerError* error) const {
  PGconn* raw = session_->raw();
  if (raw != nullptr && FindServerError(reporter_.WithoutSecret(PQerrorMessage(raw)), error)) return true;
  *error = watch_.last_word();
  return !error->code().empty();
}

v1::Failure SqlRun::NoteLost(v1::Step* step) {
  watch_.AwaitEnd();
  watch_.Close(/*waited_in_vain=*/false);
  step->set_end(reporter_.observation()->connections(watch_.index() - 1).end());
  const v1::Failure ended = watch_.HowItEnded();
  return ended == v1::NONE ? v1::CLOSED : ended;
}

void SqlRun::NoteTraffic(v1::Step* step, const v1::Connection& before) const {
  const v1::Connection now = watch_.Traffic();
  step->set_bytes_in(now.bytes_in() - before.bytes_in());
  step->set_bytes_out(now.bytes_out() - before.bytes_out());
}

bool SqlRun::Step(v1::StepKind kind, Ended (SqlRun::*body)(v1::ClientDetails*)) {
  v1::Step* step = reporter_.Begin(kind);
  step->set_connection(watch_.index());
  v1::ClientDetails* client = step->mutable_client();
  const v1::Connection before = watch_.Traffic();
  Ended ended;
  bool lost = false;
  try {
    ended = (this->*body)(client);
  } catch (const std::exception& thrown) {
    lost = !session_->get().is_open() || dynamic_cast<const pqxx::broken_connection*>(&thrown) != nullptr;
    ended = {lost ? NoteLost(step) : v1::PROTOCOL_VIOLATION, OneLine(thrown.what())};
    // Rather what the server said; libpqxx 6 drops the SQLSTATE of some classes, and its exceptions that of a lost
    // session.
    v1::ServerError error;
    if (FindServerError(reporter_.WithoutSecret(thrown.what()), &error) || (lost && LastWords(&error))) {
      const bool privilege = error.code() == kInsufficientPrivilege;
      ended = {v1::SERVER_ERROR, absl::StrCat(privilege ? "the role may not do this: " : "", error.message())};
      *step->mutable_server_error() = std::move(error);
    }
  }
  NoteTraffic(step, before);
  reporter_.End(step, ended.failure, ended.text);
  Count(ended.failure);
  return !lost;
}

std::string SqlRun::WhyNoTransaction() {
  SocketWatch watch(reporter_);
  const PostgresLogin login = Login(watch);
  if (login.connection == nullptr) return "";
  const v1::ServerError error = AnswerToBegin(login.connection.get());
  watch.Close(/*waited_in_vain=*/false);
  return error.code().empty() ? "" : absl::StrCat(error.code(), " ", error.message());
}

void SqlRun::Hold() {
  PGconn* raw = session_->raw();
  if (raw == nullptr || PQstatus(raw) != CONNECTION_OK) return;
  const int64_t hold_ns = int64_t{spec_.hold_ms()} * net::kMs;
  const int64_t until_ns = std::min(context_.clock.MonotonicNs() + hold_ns, context_.deadline_ns);
  const int64_t since_ns = reporter_.recorder().Now();
  const v1::Connection before = watch_.Traffic();
  for (int64_t left_ns = until_ns - context_.clock.MonotonicNs(); left_ns > 0;
       left_ns = until_ns - context_.clock.MonotonicNs()) {
    pollfd fds = {PQsocket(raw), POLLIN, 0};
    if (poll(&fds, 1, static_cast<int>(left_ns / net::kMs + 1)) <= 0) continue;
    const bool open = PQconsumeInput(raw) == 1;
    PQisBusy(raw);  // reads what came
    if (open) continue;
    v1::Step* step = reporter_.Begin(v1::QUERY, probes::kHeldVariant);
    step->set_connection(watch_.index());
    step->set_start_ns(since_ns);
    const int64_t after_ns = reporter_.recorder().Now() - since_ns;
    const v1::Failure ended = NoteLost(step);
    NoteTraffic(step, before);
    if (!watch_.last_word().code().empty()) *step->mutable_server_error() = watch_.last_word();
    reporter_.End(step, ended, probes::EndedWhileHeld(after_ns, hold_ns, step->server_error()));
    Count(ended);
    return;
  }
}

void SqlRun::Run() {
  policy::Secret own;  // where the password may go
  if (!spec_.password().ref().empty()) {
    auto secret = context_.secrets.Resolve(spec_.password().ref(), context_.Patience());
    if (!secret.ok()) {
      reporter_.observation()->set_outcome(v1::LOCAL_RESOURCE);
      reporter_.observation()->set_error(std::string(secret.status().message()));
      return;
    }
    password_ = std::move(secret->value);
    own.only_to = std::move(secret->only_to);
    reporter_.KeepSecret(password_);
  }
  to_ = probes::Locate(spec_.endpoint(), context_, reporter_.recorder());
  reporter_.Tell();
  if (to_.failure != v1::NONE) return;
  if (const absl::Status may_go = probes::CheckMayGo(own, to_, context_); !may_go.ok()) {
    reporter_.observation()->set_outcome(v1::DENIED_BY_POLICY);
    reporter_.observation()->set_error(std::string(may_go.message()));
    return;
  }
  if (!Connect()) return;
  bool open = Step(v1::QUERY, &SqlRun::Query);
  if (open && spec_.download_bytes() > 0) open = Step(v1::DOWNLOAD, &SqlRun::Download);
  if (open && spec_.upload_bytes() > 0) open = Step(v1::UPLOAD, &SqlRun::Upload);
  // Last, because a pooler that allows no transaction ends the session.
  if (open && spec_.ddl()) open = Step(v1::DDL, &SqlRun::Ddl);
  if (open && spec_.hold_ms() > 0) Hold();
  watch_.Close(/*waited_in_vain=*/false);  // before our goodbye: what a server does then is no end of its making
  session_.reset();                        // says goodbye, so that the server logs no lost connection
}

}  // namespace

void RunSql(const v1::SqlProbe& spec, const probes::Context& context, Reporter& reporter) {
  SqlRun(spec, context, reporter).Run();
}

}  // namespace parallax::clients
