// A TCP server on 127.0.0.1, port 0, whose every connection runs a script: what a fake peer says, when, and how it
// ends.
//
// One thread accepts and runs the scripts, one connection after the other. The destructor wakes whatever a script waits
// for, and joins: a script blocks in nothing but Peer.
#ifndef PARALLAX_TESTS_SUPPORT_SCRIPTED_SERVER_H_
#define PARALLAX_TESTS_SUPPORT_SCRIPTED_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "tests/support/tls_identity.h"

namespace parallax::support {

// The server's end of one connection. Used on the server's thread only.
class Peer {
 public:
  // Both borrowed: `stop_fd` is readable once the server goes down; `on_bytes` sees every clear byte that arrives.
  Peer(int fd, int stop_fd, int number, std::function<void(std::string_view)> on_bytes);
  ~Peer();  // FIN, unless the script ended it otherwise
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  int number() const { return number_; }  // 0 is the first connection

  // Blocks for the first bytes, and returns at most `max` of them; "" at the end of the connection or the server.
  std::string ReadSome(size_t max = 64 * 1024);
  // Blocks for exactly `size` bytes; fewer at the end.
  std::string ReadExactly(size_t size);
  // Reads and drops until the client ends the connection.
  void AwaitEnd();
  // False once the client is gone.
  bool Send(std::string_view bytes);
  // Blocks for `ms`, or until the server goes down (false) or the client ends the connection (false).
  bool Pause(int ms);

  void Fin();  // half-closes: the client reads an end
  void Rst();  // SO_LINGER 0 and close(2)

  // From here on all of the above is over TLS. False when the handshake failed.
  bool StartTls(const TlsIdentity& identity);

 private:
  bool WaitFor(short events);
  // Moves ciphertext between OpenSSL's memory and the socket.
  bool FlushTls();
  bool FeedTls();
  std::string ReadRaw(size_t max);
  bool SendRaw(std::string_view bytes);

  int fd_;
  const int stop_fd_;
  const int number_;
  const std::function<void(std::string_view)> on_bytes_;
  std::unique_ptr<TlsServerSession> tls_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  uint16_t port() const { return port_; }
  // Thread-safe.
  int accepted() const;
  // Every byte that all clients sent, decrypted where it came over TLS. Thread-safe.
  std::string received() const;

 private:
  void Serve();

  const Script script_;
  int listen_fd_ = -1;
  int stop_fd_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  int accepted_ = 0;      // guarded by mutex_
  std::string received_;  // guarded by mutex_
  std::thread thread_;
};

// A port of 127.0.0.1 at which nobody listens; it stays reserved as long as the object lives.
class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  uint16_t port() const { return port_; }

 private:
  uint16_t port_ = 0;  // before fd_, whose initializer sets it
  const int fd_;
};

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_SCRIPTED_SERVER_H_
