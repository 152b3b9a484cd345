#include "agent/clients/postgres_connect.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/clients/login_gate.h"
#include "agent/clients/server_error.h"
#include "agent/net/address.h"
#include "agent/net/classify.h"
#include "agent/net/connection.h"
#include "agent/net/peer_certificate.h"
#include "agent/net/poll.h"
#include "agent/net/socket_facts.h"
#include "agent/probes/withhold.h"
#include "contract/limits.h"

namespace parallax::clients {
namespace {

constexpr int kRefusals[] = {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNRESET, EPIPE, EACCES, EPERM};

// libpq's own words (in the C locale, which the agent sets) for what neither the server nor the socket tells.
struct Phrase {
  std::string_view text;
  v1::Failure failure;
};
constexpr Phrase kPhrases[] = {
    {"certificate verify failed", v1::TLS_CERTIFICATE},
    {"does not match host name", v1::TLS_CERTIFICATE},
    {"root certificate file", v1::LOCAL_RESOURCE},
    {"could not read root certificate", v1::LOCAL_RESOURCE},
    {"server does not support SSL", v1::TLS_PROTOCOL},
    {"received invalid response to SSL negotiation", v1::UNEXPECTED_FIRST_BYTE},
    {"expected authentication request from server", v1::UNEXPECTED_FIRST_BYTE},
    {"SSL error: sslv3 alert", v1::TLS_ALERT},
    {"SSL error: tlsv1 alert", v1::TLS_ALERT},
    {"SSL error: tlsv13 alert", v1::TLS_ALERT},
    {"SSL error: unexpected eof", v1::CLOSED},
    {"SSL error", v1::TLS_PROTOCOL},
};

PostgresLogin Failed(v1::Failure failure, std::string text) {
  PostgresLogin login;
  login.failure = failure;
  login.text = std::move(text);
  return login;
}

PostgresLogin Withheld(std::string why) {
  PostgresLogin login;
  login.withheld = std::move(why);
  return login;
}

// Sees to it that no password leaves that LoginRules withhold. Every step of libpq's is let go on only from a state in
// which that is certain; from any other it ends.
class LoginGuard {
 public:
  explicit LoginGuard(const LoginRules& rules) : rules_(rules) {}

  bool Guards(const PGconn* connection) const { return gate_ != nullptr && gate_->Guards(PQsocket(connection)); }
  // What ends the login here, before the next step; neither `failure` nor `withheld` when nothing does. `is_new`: the
  // socket is another than before.
  PostgresLogin Judge(PGconn* connection, bool is_new, const probes::Context& context);
  void Await(pollfd* server, pollfd* client) const {
    if (gate_ != nullptr) gate_->Await(server, client);
  }
  // Once libpq is ready: the server's socket is libpq's again. False when the server talks on and on.
  bool HandBack(PGconn* connection, int64_t deadline_ns, const net::Clock& clock);

 private:
  const LoginRules& rules_;
  std::unique_ptr<LoginGate> gate_;
  bool certificate_seen_ = false;
};

PostgresLogin LoginGuard::Judge(PGconn* connection, bool is_new, const probes::Context& context) {
  if (!rules_.has_password) return {};
  const int fd = PQsocket(connection);
  if (is_new) certificate_seen_ = false;
  if (Guards(connection)) {
    gate_->Pump(fd);
    if (gate_->senseless()) return Failed(v1::PROTOCOL_VIOLATION, "a message of a length that no server sends");
    if (gate_->held_back() == 0) return {};
    const std::string why = probes::WhyPasswordWithheld(gate_->held_back(), nullptr, false);
    return Withheld(why.empty() ? "the server asks for something that is not known here" : why);
  }
  const bool gave_back = gate_ != nullptr && gate_->GaveBack(fd);
  if (gate_ != nullptr && !gave_back) gate_->Drop();  // libpq has left that connection, and begins another
  const ConnStatusType status = PQstatus(connection);
  if (fd < 0 || status == CONNECTION_STARTED || status == CONNECTION_NEEDED) return {};  // nothing can be said yet
  if (PQsslInUse(connection) != 0) {
    if (status == CONNECTION_SSL_STARTUP || certificate_seen_ || rules_.scram_only) return {};
    const void* ssl = PQsslStruct(connection, "OpenSSL");
    if (ssl == nullptr) return Failed(v1::UNSUPPORTED, "libpq's TLS is not OpenSSL: its certificate cannot be judged");
    v1::TlsDetails tls;
    tls.set_clock_unix(context.clock.UnixNs() / 1'000'000'000);
    net::DescribePeer(ssl, rules_.name, probes::NamesRoots(rules_.root_cert) ? rules_.root_cert : "", &tls);
    certificate_seen_ = true;
    const std::string why = probes::WhyKnownOther(tls, probes::NamesRoots(rules_.root_cert));
    if (why.empty()) return {};
    PostgresLogin login = Withheld(why);
    login.known_other = true;
    return login;
  }
  // Without TLS nothing goes on under these modes: libpq itself ends there.
  if (!rules_.may_be_plain || gave_back) return {};
  gate_ = std::make_unique<LoginGate>();
  if (status != CONNECTION_MADE || !gate_->Install(fd)) {
    return Failed(v1::LOCAL_RESOURCE, absl::StrCat("no watch over what the server asks for: ", std::strerror(errno)));
  }
  return {};
}

bool LoginGuard::HandBack(PGconn* connection, int64_t deadline_ns, const net::Clock& clock) {
  while (Guards(connection)) {
    gate_->Pump(PQsocket(connection));
    if (!Guards(connection)) break;
    if (clock.MonotonicNs() > deadline_ns || PQconsumeInput(connection) != 1) return false;
  }
  return true;
}

v1::Failure Classify(const std::string& message, const std::string& address, bool connecting, v1::Failure ended) {
  for (const Phrase& phrase : kPhrases) {
    if (absl::StrContains(message, absl::string_view(phrase.text.data(), phrase.text.size()))) return phrase.failure;
  }
  if (ended != v1::NONE && !connecting) return ended;
  for (int error : kRefusals) {
    if (!absl::StrContains(message, std::strerror(error))) continue;
    // libpq does not say when the error came, at once or by a router's word.
    return connecting ? net::FromConnectErrno(error, /*at_once=*/!net::HasRoute(address))
                      : net::FromIoErrno(error, /*heard=*/true);
  }
  return ended != v1::NONE ? ended : v1::PROTOCOL_VIOLATION;
}

}  // namespace

v1::ServerError ErrorOf(const PGresult* result) {
  v1::ServerError error;
  const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (code == nullptr) return error;
  const auto field = [&](int which) {
    const char* text = PQresultErrorField(result, which);
    return contract::Printable(text == nullptr ? "" : text);
  };
  error.set_code(contract::Printable(code, 16));
  error.set_severity(field(PG_DIAG_SEVERITY_NONLOCALIZED));
  if (error.severity().empty()) error.set_severity(field(PG_DIAG_SEVERITY));  // a pooler of old
  error.set_message(field(PG_DIAG_MESSAGE_PRIMARY));
  return error;
}

v1::ServerError AnswerToBegin(PGconn* connection) {
  v1::ServerError error;
  if (PQsendQuery(connection, "BEGIN") != 1) return error;
  // Not PQexec(): of an error and the end after it, that keeps the end.
  while (PGresult* result = PQgetResult(connection)) {
    if (error.code().empty()) error = ErrorOf(result);
    PQclear(result);
  }
  return error;
}

SocketWatch::~SocketWatch() { Close(/*waited_in_vain=*/false); }

bool SocketWatch::Look(const PGconn* connection, const std::string& remote) {
  const int fd = PQsocket(connection);
  sockaddr_storage end{};
  socklen_t size = sizeof(end);
  if (fd < 0 || getsockname(fd, reinterpret_cast<sockaddr*>(&end), &size) != 0) return false;
  uint16_t port = 0;
  const std::string address = net::AddressText(reinterpret_cast<const sockaddr*>(&end), &port);
  std::string local = net::JoinHostPort(address, port);
  if (fd_ >= 0 && local == local_) return false;
  Close(/*waited_in_vain=*/false);
  fd_ = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  local_ = std::move(local);
  opened_ = false;
  v1::Connection* record = reporter_.observation()->add_connections();
  index_ = reporter_.observation()->connections_size();
  record->set_remote_address(remote);
  record->set_opened_ns(reporter_.recorder().Now());
  return true;
}

void SocketWatch::Listen(PGconn* connection) {
  // To libpq what a server says to an idle session is a notice, its last word too.
  PQsetNoticeReceiver(
      connection,
      [](void* last_word, const PGresult* result) {
        v1::ServerError said = ErrorOf(result);
        const bool ends = said.severity() == "FATAL" || said.severity() == "PANIC";
        if (ends) *static_cast<v1::ServerError*>(last_word) = std::move(said);
      },
      &last_word_);
}

void SocketWatch::NoteOpened() {
  if (fd_ < 0 || std::exchange(opened_, true)) return;
  net::DescribeOpened(fd_, record());
}

void SocketWatch::AwaitEnd() const {
  pollfd fds = {fd_, net::PeerEnded(), 0};
  net::PollFor(&fds, 1, 150 * net::kMs);  // less than the agent waits for us beyond a step's deadline
}

void SocketWatch::Close(bool waited_in_vain) {
  if (fd_ < 0) return;
  if (!opened_) record()->set_end(v1::NEVER_OPENED);
  net::DescribeClosing(fd_, waited_in_vain, record());
  record()->set_ended_ns(reporter_.recorder().Now());
  close(std::exchange(fd_, -1));
}

v1::Connection SocketWatch::Traffic() const {
  v1::Connection traffic;
  if (fd_ >= 0) {
    net::DescribeClosing(fd_, /*waited_in_vain=*/false, &traffic);
  } else if (index_ > 0) {
    traffic.set_bytes_in(record()->bytes_in());
    traffic.set_bytes_out(record()->bytes_out());
  }
  return traffic;
}

v1::Failure SocketWatch::HowItEnded() const {
  if (index_ == 0) return v1::NONE;
  const bool heard = record()->bytes_in() > 0;
  switch (record()->end()) {
    case v1::FIN_BY_PEER: return net::FromEndOfStream(heard);
    case v1::RST_BY_PEER: return net::FromIoErrno(ECONNRESET, heard);
    default: return v1::NONE;
  }
}

PostgresLogin ConnectPostgres(const std::vector<std::pair<std::string, std::string>>& parameters,
                              const LoginRules& rules, const probes::Destination& to, const probes::Context& context,
                              int64_t deadline_ns, SocketWatch& watch) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  const std::string remote = net::JoinHostPort(to.address, to.port);
  PostgresLogin login;
  login.connection.reset(PQconnectStartParams(keywords.data(), values.data(), /*expand_dbname=*/0));
  PGconn* connection = login.connection.get();
  if (connection == nullptr) return Failed(v1::LOCAL_RESOURCE, "libpq gives no connection");
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  watch.Listen(connection);
  LoginGuard guard(rules);
  PostgresPollingStatusType wants =
      PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  bool connecting = true;
  while (wants != PGRES_POLLING_OK && wants != PGRES_POLLING_FAILED) {
    const bool is_new = !guard.Guards(connection) && watch.Look(connection, remote);
    PostgresLogin stopped = guard.Judge(connection, is_new, context);
    if (stopped.failure != v1::NONE || !stopped.withheld.empty()) {
      watch.Close(/*waited_in_vain=*/false);
      return stopped;
    }
    const int64_t left_ns = deadline_ns - context.clock.MonotonicNs();
    if (left_ns <= 0) {
      watch.Close(/*waited_in_vain=*/true);
      return Failed(v1::TIMED_OUT, "");
    }
    const short events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd fds[3] = {{PQsocket(connection), events, 0}, {-1, 0, 0}, {-1, 0, 0}};
    guard.Await(&fds[1], &fds[2]);
    if (net::PollFor(fds, 3, left_ns) <= 0 || fds[0].revents == 0) continue;
    wants = PQconnectPoll(connection);
    connecting = PQstatus(connection) == CONNECTION_STARTED || (connecting && wants == PGRES_POLLING_FAILED);
    if (!connecting) watch.NoteOpened();
    // The library dials by itself: nothing more is said to whom the policy was not asked about.
    if (!connecting && !guard.Guards(connection) && !net::IsConnectedTo(PQsocket(connection), remote)) {
      watch.Close(/*waited_in_vain=*/false);
      return Failed(v1::DENIED_BY_POLICY, absl::StrCat("libpq connected to another address than ", remote));
    }
  }
  login.used_password = PQconnectionUsedPassword(connection) != 0;
  if (wants == PGRES_POLLING_OK) {
    if (guard.HandBack(connection, deadline_ns, context.clock)) return login;
    watch.Close(/*waited_in_vain=*/false);
    return Failed(v1::PROTOCOL_VIOLATION, "the server does not stop talking once it is ready");
  }
  const std::string message = watch.reporter().WithoutSecret(PQerrorMessage(connection));
  login.needs_password = PQconnectionNeedsPassword(connection) != 0;
  watch.Close(/*waited_in_vain=*/false);
  if (FindServerError(message, &login.error)) {
    login.failure = login.error.code() == "28P01" ? v1::AUTH_REJECTED : v1::SERVER_ERROR;
    login.text = login.error.message();
  } else {
    login.failure = Classify(message, to.address, connecting, watch.HowItEnded());
    login.text = message;
  }
  if (rules.scram_only && login.error.code().empty() && !login.used_password &&
      (absl::StrContains(message, "channel binding") ||
       absl::StrContains(message, "authentication method requirement"))) {
    login.withheld = "only SCRAM would be answered there, and the server asks for something else";
  }
  login.connection.reset();
  return login;
}

}  // namespace parallax::clients
