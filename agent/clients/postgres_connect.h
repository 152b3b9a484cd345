// Connects as libpqxx does, by libpq, but watching: the deadline, the sockets, and the SQLSTATE of a refusal, which
// libpqxx does not give. The connection then becomes libpqxx's. Not thread-safe.
#ifndef PARALLAX_AGENT_CLIENTS_POSTGRES_CONNECT_H_
#define PARALLAX_AGENT_CLIENTS_POSTGRES_CONNECT_H_

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/clients/reporter.h"
#include "agent/probes/dial.h"
#include "agent/probes/probe.h"

namespace parallax::clients {

struct FreePgConn {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using PgConnPtr = std::unique_ptr<PGconn, FreePgConn>;

// A second hand on the socket, so that how it ended can be asked after libpq has closed its own; and an ear for the
// last word of a server that nobody had asked. Outlives the connections that it listens to.
class SocketWatch {
 public:
  explicit SocketWatch(Reporter& reporter) : reporter_(reporter) {}
  ~SocketWatch();  // closes its hand and the record
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  // Looks at the socket that `connection` uses now; a new one becomes a new v1::Connection. Whether it is new.
  bool Look(const PGconn* connection, const std::string& remote);
  // Hears the notices of `connection`; but for its last word they are of no interest.
  void Listen(PGconn* connection);
  void NoteOpened();
  // Blocks until the peer's FIN or RST is there, a moment at most: a server that takes leave by TLS sends it later.
  void AwaitEnd() const;
  // Records how it ended; `waited_in_vain` as net::DescribeClosing.
  void Close(bool waited_in_vain);
  // After Close(): what the socket says of an end; NONE when we ended it ourselves.
  v1::Failure HowItEnded() const;
  // The bytes that the socket has moved until now, in `bytes_in` and `bytes_out`.
  v1::Connection Traffic() const;
  // With what the server ended a session while nothing was asked of it; empty when it did not.
  const v1::ServerError& last_word() const { return last_word_; }
  const Reporter& reporter() const { return reporter_; }
  int index() const { return index_; }  // 1-based, into Observation.connections

 private:
  v1::Connection* record() const { return reporter_.observation()->mutable_connections(index_ - 1); }

  Reporter& reporter_;
  int fd_ = -1;
  int index_ = 0;
  bool opened_ = false;
  std::string local_;
  v1::ServerError last_word_;
};

struct PostgresLogin {
  PgConnPtr connection;  // null when it failed
  v1::Failure failure = v1::NONE;
  std::string text;
  v1::ServerError error;  // when the server said no
  bool needs_password = false;
  bool used_password = false;  // something that was made of it has left
  std::string withheld;        // why it did not leave, though it was asked for; nothing failed then
  bool known_other = false;    // withheld before anything was asked, for the certificate: see LoginRules
};

// Which answers a password may give (agent/probes/withhold.h).
struct LoginRules {
  bool has_password = false;
  bool may_be_plain = false;  // the sslmode lets a session go on without TLS
  bool scram_only = false;    // `parameters` forbid all else: whose certificate it is matters no more
  std::string name;           // that the certificate should have
  std::string root_cert;      // as in the plan; "" none was named
};

// `parameters` are libpq's (keyword, value); they name `to`, too. Returns by `deadline_ns`; nothing of the environment
// may matter, which is for the caller to see to. Messages of the connection are as server_error.h needs them.
// No password leaves that `rules` withhold, whatever the server says, and says differently from one connection to the
// next. A certificate that is known to be another's ends the login before it begins, with known_other: the caller may
// then come again with parameters that allow SCRAM alone.
PostgresLogin ConnectPostgres(const std::vector<std::pair<std::string, std::string>>& parameters,
                              const LoginRules& rules, const probes::Destination& to, const probes::Context& context,
                              int64_t deadline_ns, SocketWatch& watch);

// The error, or the notice, that a result holds; empty when it holds none.
v1::ServerError ErrorOf(const PGresult* result);

// What the server, or a pooler before it, answers to BEGIN; nothing when it begins. Leaves the connection as it then
// is.
v1::ServerError AnswerToBegin(PGconn* connection);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_POSTGRES_CONNECT_H_
