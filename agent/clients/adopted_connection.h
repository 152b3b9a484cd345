// A libpq connection that is open already, as a libpqxx connection: both libpqxx 6 (Debian 12) and 7.8 and later
// (Debian 13) can be given one, each in its own way. Not thread-safe.
#ifndef PARALLAX_AGENT_CLIENTS_ADOPTED_CONNECTION_H_
#define PARALLAX_AGENT_CLIENTS_ADOPTED_CONNECTION_H_

#include <pqxx/connection>
#include <pqxx/version>
#if PQXX_VERSION_MAJOR < 7
#include <pqxx/connectionpolicy>
#endif

#include <string>
#include <utility>

#include "agent/clients/postgres_connect.h"

namespace parallax::clients {

#if PQXX_VERSION_MAJOR < 7

using PqxxConnection = pqxx::connection_base;

class AdoptedConnection {
 public:
  explicit AdoptedConnection(PgConnPtr open) : session_(std::move(open)) {}
  PqxxConnection& get() { return session_; }
  // What libpq knows and libpqxx does not tell; null once libpqxx has closed it. Theirs: it must not be closed here.
  PGconn* raw() const { return session_.raw(); }

 private:
  // Hands the connection over once. libpqxx 6 would connect anew, unasked, where a connection was lost: never here.
  class Policy final : public pqxx::connectionpolicy {
   public:
    explicit Policy(PgConnPtr open) : pqxx::connectionpolicy(std::string()), open_(std::move(open)) {}
    handle do_startconnect(handle held) override {
      if (held != nullptr) return held;
      if (open_ == nullptr) throw pqxx::broken_connection("the connection is lost");
      return raw_ = open_.release();
    }
    handle do_disconnect(handle held) noexcept override {
      raw_ = nullptr;
      return connectionpolicy::do_disconnect(held);
    }
    PGconn* raw() const { return raw_; }

   private:
    PgConnPtr open_;
    PGconn* raw_ = nullptr;
  };
  class Session final : public pqxx::connection_base {
   public:
    explicit Session(PgConnPtr open) : pqxx::connection_base(policy_), policy_(std::move(open)) { init(); }
    ~Session() noexcept { close(); }
    PGconn* raw() const { return policy_.raw(); }

   private:
    Policy policy_;
  };

  Session session_;
};

#else

using PqxxConnection = pqxx::connection;

class AdoptedConnection {
 public:
  explicit AdoptedConnection(PgConnPtr open)
      : raw_(open.get()), session_(pqxx::connection::seize_raw_connection(open.release())) {}
  PqxxConnection& get() { return session_; }
  PGconn* raw() const { return raw_; }

 private:
  PGconn* const raw_;  // session_ has it as long as it lives
  pqxx::connection session_;
};

#endif

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_ADOPTED_CONNECTION_H_
