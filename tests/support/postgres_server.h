// A real PostgreSQL of this host in a directory, on a port and with a certificate of its own; gone with the object.
//
// As root it runs as the user postgres, because the server refuses root. The methods are thread-safe.
#ifndef PARALLAX_TESTS_SUPPORT_POSTGRES_SERVER_H_
#define PARALLAX_TESTS_SUPPORT_POSTGRES_SERVER_H_

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/tls_identity.h"

namespace parallax::support {

class PostgresServer {
 public:
  // Where the newest server's programs are; "" when none is installed.
  static std::string BinDir();

  // `hba` is the content of pg_hba.conf after a line that trusts the superuser on the Unix socket; `sql` is run once.
  // Null, with the reason, when it does not come up within 60 s.
  static std::unique_ptr<PostgresServer> Start(const TlsIdentity& identity, std::string_view hba, std::string_view sql,
                                               std::string* why_not);
  // A hot standby that follows this one, on a port of its own: it answers queries, and refuses to write. This server's
  // hba must let in "local replication postgres". Null, with the reason, when it does not come up.
  std::unique_ptr<PostgresServer> StartReplica(std::string* why_not);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  uint16_t port() const { return port_; }
  // Runs SQL as the superuser. False, with psql's words in `*output`, when it failed.
  bool Sql(std::string_view sql, std::string* output = nullptr);
  // What the server logged so far and until a mark that this call has it log: what a client that has gone by now
  // caused to be logged is in it.
  std::string LogUntilNow();

 private:
  explicit PostgresServer(std::string folder);
  bool Begin(const TlsIdentity& identity, std::string_view hba, std::string* why_not);
  // Starts the server on the data that is there; returns when it has logged `ready`.
  bool Launch(std::string_view ready, std::string* why_not);
  bool WaitForLog(std::string_view text, int timeout_ms);
  void ReadLog();
  // Forks and becomes the command as the server's user, its output in `out_fd`.
  pid_t Spawn(const std::vector<std::string>& words, int out_fd) const;
  bool RunToEnd(const std::vector<std::string>& words, std::string* output) const;

  const std::string folder_;
  uint16_t port_ = 0;
  pid_t pid_ = -1;
  int log_fd_ = -1;
  int marks_ = 0;  // guarded by mutex_
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string log_;         // guarded by mutex_
  bool log_ended_ = false;  // guarded by mutex_
  std::thread log_reader_;
};

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_POSTGRES_SERVER_H_
