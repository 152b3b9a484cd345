#include "agent/clients/postgres_connect.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <regex>
#include <string_view>

#include "absl/strings/match.h"
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

v1::Failure Classify(const std::string& message, bool connecting, const v1::Failure ended) {
  for (const Phrase& phrase : kPhrases) {
    if (absl::StrContains(message, absl::string_view(phrase.text.data(), phrase.text.size()))) return phrase.failure;
  }
  if (ended != v1::NONE && !connecting) return ended;
  for (int error : kRefusals) {
    if (!absl::StrContains(message, std::strerror(error))) continue;
    return connecting ? net::FromConnectErrno(error, /*at_once=*/false) : net::FromIoErrno(error, /*heard=*/true);
  }
  return ended != v1::NONE ? ended : v1::PROTOCOL_VIOLATION;
}

}  // namespace

// "FATAL:  28P01: password authentication failed": as PQERRORS_VERBOSE writes what the server said. The last one
// counts: with sslmode=prefer there may be two attempts in one message.
bool FindServerError(const std::string& message, v1::ServerError* error) {
  static const std::regex kServerError("(\\S+):  ([0-9A-Z]{5}): ([^\n]*)");
  bool found = false;
  for (std::sregex_iterator at(message.begin(), message.end(), kServerError), end; at != end; ++at) {
    error->set_severity(contract::Printable((*at)[1].str(), 32));
    error->set_code((*at)[2].str());
    error->set_message(contract::Printable((*at)[3].str()));
    found = true;
  }
  return found;
}

v1::ServerError AnswerToBegin(PGconn* connection) {
  v1::ServerError error;
  if (PQsendQuery(connection, "BEGIN") != 1) return error;
  // Not PQexec(): of an error and the end after it, that keeps the end.
  while (PGresult* result = PQgetResult(connection)) {
    const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (code != nullptr && error.code().empty()) {
      error.set_code(contract::Printable(code, 16));
      error.set_message(contract::Printable(message == nullptr ? "" : message));
    }
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

void SocketWatch::NoteOpened() {
  if (fd_ < 0 || std::exchange(opened_, true)) return;
  net::DescribeOpened(fd_, record());
}

void SocketWatch::Close(bool waited_in_vain) {
  if (fd_ < 0) return;
  if (!opened_) record()->set_end(v1::NEVER_OPENED);
  net::DescribeClosing(fd_, waited_in_vain, record());
  record()->set_ended_ns(reporter_.recorder().Now());
  close(std::exchange(fd_, -1));
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
                              const std::string& remote, const probes::Context& context, int64_t deadline_ns,
                              SocketWatch& watch) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  PostgresLogin login;
  login.connection.reset(PQconnectStartParams(keywords.data(), values.data(), /*expand_dbname=*/0));
  PGconn* connection = login.connection.get();
  if (connection == nullptr) return {nullptr, v1::LOCAL_RESOURCE, "libpq gives no connection", {}, false};
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
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
  const std::string message = PQerrorMessage(connection);
  login.needs_password = PQconnectionNeedsPassword(connection) != 0;
  watch.Close(/*waited_in_vain=*/false);
  if (FindServerError(message, &login.error)) {
    login.failure = login.error.code() == "28P01" ? v1::AUTH_REJECTED : v1::SERVER_ERROR;
    login.text = login.error.message();
  } else {
    login.failure = Classify(message, connecting, watch.HowItEnded());
    login.text = message;
  }
  login.connection.reset();
  return login;
}

}  // namespace parallax::clients
