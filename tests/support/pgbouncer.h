// A real pgbouncer of this host before a PostgreSQL on 127.0.0.1, in a directory and on a port of its own; gone with
// the object. It trusts whoever comes, and hands on the user. Not thread-safe.
#ifndef PARALLAX_TESTS_SUPPORT_PGBOUNCER_H_
#define PARALLAX_TESTS_SUPPORT_PGBOUNCER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

namespace parallax::support {

class Pgbouncer {
 public:
  // Where the program is; "" when it is not installed.
  static std::string Program();

  // `pool_mode` is "session", "transaction" or "statement". Null, with the reason, when it does not come up within 10
  // s.
  static std::unique_ptr<Pgbouncer> Start(const std::string& pool_mode, uint16_t server_port, const std::string& user,
                                          std::string* why_not);
  ~Pgbouncer();
  Pgbouncer(const Pgbouncer&) = delete;
  Pgbouncer& operator=(const Pgbouncer&) = delete;

  uint16_t port() const { return port_; }

 private:
  explicit Pgbouncer(std::string folder);
  bool Begin(const std::string& pool_mode, uint16_t server_port, const std::string& user, std::string* why_not);

  const std::string folder_;
  uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_PGBOUNCER_H_
