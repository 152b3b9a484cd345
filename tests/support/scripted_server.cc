#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace parallax::support {
namespace {

// Binds a fresh TCP socket to 127.0.0.1, port 0. A host that cannot do that can run no test.
int Bound(uint16_t* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  *port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

Peer::Peer(int fd, int stop_fd, int number, std::function<void(std::string_view)> on_bytes)
    : fd_(fd), stop_fd_(stop_fd), number_(number), on_bytes_(std::move(on_bytes)) {
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

Peer::~Peer() {
  if (fd_ >= 0) close(fd_);
}

bool Peer::WaitFor(short events) {
  while (fd_ >= 0) {
    pollfd waits[] = {{fd_, events, 0}, {stop_fd_, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) return false;
    if (waits[1].revents != 0) return false;
    if (waits[0].revents != 0) return true;
  }
  return false;
}

std::string Peer::ReadRaw(size_t max) {
  std::string bytes(std::min<size_t>(max, 64 * 1024), '\0');
  while (WaitFor(POLLIN)) {
    const ssize_t got = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return bytes;
  }
  return "";
}

bool Peer::SendRaw(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!WaitFor(POLLOUT)) return false;
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool Peer::FlushTls() { return SendRaw(tls_->TakeOutput()); }

bool Peer::FeedTls() {
  const std::string bytes = ReadRaw(16 * 1024);
  if (!bytes.empty()) tls_->GiveInput(bytes);
  return !bytes.empty();
}

std::string Peer::ReadSome(size_t max) {
  std::string bytes;
  if (tls_ == nullptr) {
    bytes = ReadRaw(max);
  } else {
    while ((bytes = tls_->Read(max)).empty()) {
      if (tls_->failed() || !FlushTls() || !FeedTls()) return "";
    }
  }
  on_bytes_(bytes);
  return bytes;
}

std::string Peer::ReadExactly(size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const std::string more = ReadSome(size - bytes.size());
    if (more.empty()) break;
    bytes += more;
  }
  return bytes;
}

void Peer::AwaitEnd() {
  while (!ReadSome().empty()) {
  }
}

bool Peer::Send(std::string_view bytes) {
  if (tls_ == nullptr) return SendRaw(bytes);
  return tls_->Write(bytes) && FlushTls();
}

bool Peer::Pause(int ms) {
  pollfd waits[] = {{stop_fd_, POLLIN, 0}, {fd_, POLLRDHUP, 0}};
  return fd_ >= 0 && poll(waits, 2, ms) == 0;
}

void Peer::Fin() {
  if (fd_ >= 0) shutdown(fd_, SHUT_WR);
}

void Peer::Rst() {
  const linger now = {1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close(fd_);
  fd_ = -1;
}

bool Peer::StartTls(const TlsIdentity& identity) {
  tls_ = std::make_unique<TlsServerSession>(identity);
  while (!tls_->Handshake()) {
    // The alert, too, must leave.
    if (!FlushTls() || tls_->failed() || !FeedTls()) return false;
  }
  return FlushTls();
}

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
  listen_fd_ = Bound(&port_);
  stop_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_fd_ < 0 || listen(listen_fd_, 64) != 0) std::abort();
  thread_ = std::thread([this] { Serve(); });
}

ScriptedServer::~ScriptedServer() {
  const uint64_t one = 1;
  if (write(stop_fd_, &one, sizeof(one)) != sizeof(one)) std::abort();
  thread_.join();
  close(listen_fd_);
  close(stop_fd_);
}

int ScriptedServer::accepted() const {
  std::lock_guard lock(mutex_);
  return accepted_;
}

std::string ScriptedServer::received() const {
  std::lock_guard lock(mutex_);
  return received_;
}

void ScriptedServer::Serve() {
  for (int number = 0;; ++number) {
    pollfd waits[] = {{listen_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    poll(waits, 2, -1);
    if (waits[1].revents != 0) return;
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      --number;
      continue;
    }
    {
      std::lock_guard lock(mutex_);
      ++accepted_;
    }
    Peer peer(fd, stop_fd_, number, [this](std::string_view bytes) {
      std::lock_guard lock(mutex_);
      received_.append(bytes);
    });
    script_(peer);
  }
}

// Bound and not listening: a SYN to it is refused, and nobody else can take it.
ClosedPort::ClosedPort() : fd_(Bound(&port_)) {}

ClosedPort::~ClosedPort() { close(fd_); }

}  // namespace parallax::support
