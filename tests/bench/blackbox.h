// Debian's prometheus-blackbox-exporter, its tcp module, asked over HTTP connections that stay open.
//
// Used from one thread, but for Client: one a thread.
#ifndef PARALLAX_TESTS_BENCH_BLACKBOX_H_
#define PARALLAX_TESTS_BENCH_BLACKBOX_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/bench/process.h"

namespace parallax::bench {

class Blackbox {
 public:
  // Listens on a port of 127.0.0.1 of its own; its configuration and its log are in `folder`.
  static absl::StatusOr<std::unique_ptr<Blackbox>> Start(const std::string& program, const std::string& folder);

  const Process& process() const { return *process_; }

  class Client {
   public:
    explicit Client(const Blackbox& server) : port_(server.port_) {}
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    // One probe of 127.0.0.1:`port`: probe_duration_seconds, the one time that its tcp module tells of a connect. An
    // error when probe_success is not 1.
    absl::StatusOr<double> ConnectSeconds(uint16_t port);

   private:
    const uint16_t port_;
    int fd_ = -1;
  };

 private:
  Blackbox() = default;
  uint16_t port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace parallax::bench

#endif  // PARALLAX_TESTS_BENCH_BLACKBOX_H_
