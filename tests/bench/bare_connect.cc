#include "tests/bench/bare_connect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "controller/dispatch/now.h"

namespace parallax::bench {
namespace {

constexpr int kListeners = 16;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

Acceptor::Acceptor() : stop_fd_(eventfd(0, EFD_CLOEXEC)) {
  for (int i = 0; i < kListeners; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    listeners_.push_back(fd);
    ports_.push_back(ntohs(address.sin_port));
  }
  thread_ = std::thread([this] { Serve(); });
}

Acceptor::~Acceptor() {
  eventfd_write(stop_fd_, 1);
  thread_.join();
  for (int fd : listeners_) close(fd);
  close(stop_fd_);
}

void Acceptor::Serve() const {
  std::vector<pollfd> waits;
  for (int fd : listeners_) waits.push_back({fd, POLLIN, 0});
  waits.push_back({stop_fd_, POLLIN, 0});
  for (;;) {
    poll(waits.data(), waits.size(), -1);
    if (waits.back().revents != 0) return;
    for (const pollfd& wait : waits) {
      if (wait.revents == 0) continue;
      for (int fd; (fd = accept4(wait.fd, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) close(fd);
    }
  }
}

int ConnectTo(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  close(fd);
  return -1;
}

std::vector<double> BareConnectsUs(const Acceptor& acceptor, size_t count) {
  std::vector<double> times;
  for (size_t i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(acceptor.port(i));
    const int64_t begin_ns = dispatch::MonotonicNs();
    const int status = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    const int64_t end_ns = dispatch::MonotonicNs();
    if (status == 0) times.push_back(static_cast<double>(end_ns - begin_ns) / 1e3);
    close(fd);
  }
  return times;
}

}  // namespace parallax::bench
