#include "agent/clients/postgres_connect.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "absl/strings/match.h"
#include "agent/clients/server_error.h"
#include "agent/net/classify.h"
#include "agent/net/connection.h"
#include "agent/net/socket_facts.h"
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

void SocketWatch::Look(const PGconn* connection, const std::string& remote) {
  const int fd = PQsocket(connection);
  sockaddr_storage end{};
  socklen_t size = sizeof(end);
  if (fd < 0 || getsockname(fd, reinterpret_cast<sockaddr*>(&end), &size) != 0) return;
  uint16_t port = 0;
  const std::string address = net::AddressText(reinterpret_cast<const sockaddr*>(&end), &port);
  std::string local = net::JoinHostPort(address, port);
  if (fd_ >= 0 && local == local_) return;
  Close(/*waited_in_vain=*/false);
  fd_ = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  local_ = std::move(local);
  opened_ = false;
  v1::Connection* record = reporter_.observation()->add_connections();
  index_ = reporter_.observation()->connections_size();
  record->set_remote_address(remote);
  record->set_opened_ns(reporter_.recorder().Now());
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
  pollfd fds = {fd_, POLLRDHUP, 0};
  poll(&fds, 1, 150);  // less than the agent waits for us beyond a step's deadline
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
                              const probes::Destination& to, const probes::Context& context, int64_t deadline_ns,
                              SocketWatch& watch) {
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
  if (connection == nullptr) return {nullptr, v1::LOCAL_RESOURCE, "libpq gives no connection", {}, false};
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  watch.Listen(connection);
  PostgresPollingStatusType wants =
      PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  bool connecting = true;
  while (wants != PGRES_POLLING_OK && wants != PGRES_POLLING_FAILED) {
    watch.Look(connection, remote);
    const int64_t left_ns = deadline_ns - context.clock.MonotonicNs();
    if (left_ns <= 0) {
      watch.Close(/*waited_in_vain=*/true);
      return {nullptr, v1::TIMED_OUT, "", {}, false};
    }
    const timespec wait = {left_ns / 1'000'000'000, left_ns % 1'000'000'000};
    const short events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd fds = {PQsocket(connection), events, 0};
    if (ppoll(&fds, 1, &wait, nullptr) <= 0) continue;
    wants = PQconnectPoll(connection);
    connecting = PQstatus(connection) == CONNECTION_STARTED || (connecting && wants == PGRES_POLLING_FAILED);
    if (!connecting) watch.NoteOpened();
  }
  if (wants == PGRES_POLLING_OK) return login;
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
  login.connection.reset();
  return login;
}

}  // namespace parallax::clients
