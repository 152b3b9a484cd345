// The floor: connect(2) to loopback in a loop, and what both contestants and the loop connect to.
#ifndef PARALLAX_TESTS_BENCH_BARE_CONNECT_H_
#define PARALLAX_TESTS_BENCH_BARE_CONNECT_H_

#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace parallax::bench {

// Accepts on several ports of 127.0.0.1 and hangs up, on a thread of its own. Several, so that a hundred thousand
// connections in TIME_WAIT do not slow the search for a free local port.
class Acceptor {
 public:
  Acceptor();
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  // The ports, in turn.
  uint16_t port(size_t turn) const { return ports_[turn % ports_.size()]; }

 private:
  void Serve() const;

  std::vector<int> listeners_;
  std::vector<uint16_t> ports_;
  int stop_fd_ = -1;
  std::thread thread_;
};

// A connected socket to 127.0.0.1:`port`; -1 when it is refused.
int ConnectTo(uint16_t port);

// Microseconds of each of `count` connects, the socket made before and closed after the clock runs.
std::vector<double> BareConnectsUs(const Acceptor& acceptor, size_t count);

}  // namespace parallax::bench

#endif  // PARALLAX_TESTS_BENCH_BARE_CONNECT_H_
