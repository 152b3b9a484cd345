#include "agent/net/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "agent/net/classify.h"
#include "agent/net/socket_facts.h"
#include "contract/limits.h"

namespace parallax::net {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

bool Parse(const std::string& address, uint16_t port, SocketAddress* out) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out->storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out->storage);
  if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out->size = sizeof(*v4);
    return true;
  }
  if (inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out->size = sizeof(*v6);
    return true;
  }
  return false;
}

}  // namespace

Connection::Connection(const Clock& clock, const CancelToken& cancel, int64_t origin_ns, v1::Connection* record)
    : clock_(clock), cancel_(cancel), origin_ns_(origin_ns), record_(record) {}

Connection::~Connection() { Close(); }

IoResult Connection::Connect(const std::string& address, uint16_t port, int64_t deadline_ns) {
  record_->set_remote_address(JoinHostPort(address, port));
  record_->set_opened_ns(Offset());
  record_->set_end(v1::NEVER_OPENED);
  const auto failed = [&](v1::Failure failure, int error) {
    record_->set_ended_ns(Offset());
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
    return IoResult{failure, error, 0, error == 0 ? "" : std::strerror(error)};
  };
  SocketAddress to;
  if (!Parse(address, port, &to)) return failed(v1::LOCAL_RESOURCE, EINVAL);
  fd_ = socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd_ < 0) {
    const int error = errno;
    return failed(error == EAFNOSUPPORT ? v1::NO_ROUTE : v1::LOCAL_RESOURCE, error);
  }
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));  // small questions, timed answers
  record_->set_opened_ns(Offset());  // what came before is this host's work, not the network's
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0) {
    if (errno != EINPROGRESS) {
      const int error = errno;
      return failed(FromConnectErrno(error, /*at_once=*/true), error);
    }
    if (IoResult ready = Wait(POLLOUT, deadline_ns); !ready.ok()) {
      IoResult result = failed(ready.failure, 0);
      result.text = ready.text;
      return result;
    }
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    // A reset of our SYN is ECONNREFUSED; these two tell of a reset after the handshake, which therefore succeeded. A
    // local process that accepts anything and hangs up at once is fast enough for that.
    if (error == ECONNRESET || error == EPIPE) {
      reset_at_once_ = error;
    } else if (error != 0) {
      return failed(FromConnectErrno(error, /*at_once=*/false), error);
    }
  }
  connected_ns_ = Offset();
  record_->set_end(v1::END_UNSPECIFIED);
  DescribeOpened(fd_, record_);
  return {};
}

IoResult Connection::Write(std::string_view bytes, int64_t deadline_ns) {
  IoResult result;
  while (!bytes.empty()) {
    if (fd_ < 0) return {v1::LOCAL_RESOURCE, ENOTCONN, result.bytes, "the connection is closed"};
    const ssize_t sent = reset_at_once_ != 0 ? -1 : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      Note(/*inbound=*/false, bytes.substr(0, static_cast<size_t>(sent)));
      bytes.remove_prefix(static_cast<size_t>(sent));
      result.bytes += static_cast<size_t>(sent);
      continue;
    }
    const int error = reset_at_once_ != 0 ? reset_at_once_ : errno;
    if (error == EINTR) continue;
    if (error == EAGAIN || error == EWOULDBLOCK) {
      IoResult ready = Wait(POLLOUT, deadline_ns);
      if (ready.ok()) continue;
      ready.bytes = result.bytes;
      return ready;
    }
    result.failure = FromIoErrno(error, heard());
    result.os_error = error;
    result.text = std::strerror(error);
    NoteError(error);
    return result;
  }
  return result;
}

IoResult Connection::Read(std::string* to, size_t max, int64_t deadline_ns) {
  for (;;) {
    if (IoResult may = Check(deadline_ns); !may.ok()) return may;
    IoResult got = Receive(to, max);
    if (got.failure != v1::FAILURE_UNSPECIFIED) return got;
    if (IoResult ready = Wait(POLLIN, deadline_ns); !ready.ok()) return ready;
  }
}

IoResult Connection::ReadNow(std::string* to, size_t max) {
  IoResult got = Receive(to, max);
  if (got.failure == v1::FAILURE_UNSPECIFIED) got.failure = v1::TIMED_OUT;
  return got;
}

IoResult Connection::Receive(std::string* to, size_t max) {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    if (fd_ < 0) return {v1::LOCAL_RESOURCE, ENOTCONN, 0, "the connection is closed"};
    const ssize_t got = recv(fd_, buffer.data(), std::min(max, buffer.size()), 0);
    if (got > 0) {
      const std::string_view bytes(buffer.data(), static_cast<size_t>(got));
      Note(/*inbound=*/true, bytes);
      to->append(bytes);
      return {v1::NONE, 0, bytes.size(), ""};
    }
    if (got == 0 && reset_at_once_ == 0) {
      NoteEnd(v1::FIN_BY_PEER);
      return {FromEndOfStream(heard()), 0, 0, ""};
    }
    // Asking for the connect's error took it from the socket, which now reads as ended in good order.
    const int error = reset_at_once_ != 0 ? reset_at_once_ : errno;
    if (error == EINTR) continue;
    if (error == EAGAIN || error == EWOULDBLOCK) return {v1::FAILURE_UNSPECIFIED, 0, 0, ""};
    NoteError(error);
    return {FromIoErrno(error, heard()), error, 0, std::strerror(error)};
  }
}

void Connection::Close() {
  if (fd_ < 0) return;
  ReadTcpInfo(fd_, record_->mutable_at_end());
  if (reset_at_once_ != 0) NoteEnd(v1::RST_BY_PEER);
  const v1::End in_vain = heard_since_asked_ ? v1::UNFINISHED : v1::SILENCE;
  NoteEnd(silent_ ? in_vain : v1::CLOSED_BY_US);
  close(fd_);
  fd_ = -1;
}

IoResult Connection::Check(int64_t deadline_ns) {
  silent_ = false;
  if (cancel_.cancelled()) return {v1::CANCELLED, 0, 0, "cancelled"};
  if (deadline_ns > clock_.MonotonicNs()) return {};
  silent_ = true;
  return {v1::TIMED_OUT, 0, 0, ""};
}

IoResult Connection::Wait(short events, int64_t deadline_ns) {
  for (;;) {
    if (IoResult may = Check(deadline_ns); !may.ok()) return may;
    const int64_t left_ns = std::max<int64_t>(1, deadline_ns - clock_.MonotonicNs());
    // Without a descriptor to wake us, look every 50 ms.
    const int64_t slice_ns = cancel_.fd() < 0 ? 50 * kMs : left_ns;
    const int64_t wait_ns = std::min(left_ns, slice_ns);
    const timespec wait = {wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
    pollfd fds[2] = {{fd_, events, 0}, {cancel_.fd(), POLLIN, 0}};
    if (ppoll(fds, 2, &wait, nullptr) > 0 && fds[0].revents != 0) return {};
  }
}

void Connection::Note(bool inbound, std::string_view bytes) {
  silent_ = false;
  heard_since_asked_ = inbound;
  if (inbound) {
    record_->set_bytes_in(record_->bytes_in() + bytes.size());
  } else {
    record_->set_bytes_out(record_->bytes_out() + bytes.size());
  }
  if (static_cast<size_t>(record_->io_size()) >= contract::kMaxIoEvents) {
    record_->set_io_dropped(record_->io_dropped() + 1);
    return;
  }
  v1::IoEvent* event = record_->add_io();
  event->set_at_ns(Offset());
  event->set_inbound(inbound);
  event->set_size(bytes.size());
  event->set_first_byte(static_cast<unsigned char>(bytes[0]));
}

void Connection::NoteError(int error) {
  switch (FromIoErrno(error, heard())) {
    case v1::RESET_BEFORE_FIRST_BYTE:
    case v1::RESET:
    case v1::REFUSED: return NoteEnd(v1::RST_BY_PEER);
    // No word came from the peer itself: its acknowledgements stopped, or a router spoke for it.
    case v1::TIMED_OUT:
    case v1::UNREACHABLE: return NoteEnd(v1::SILENCE);
    default: return;  // our own trouble: Close() says that we ended it
  }
}

void Connection::NoteEnd(v1::End end) {
  if (record_->end() != v1::END_UNSPECIFIED) return;
  record_->set_end(end);
  record_->set_ended_ns(Offset());
}

std::string JoinHostPort(std::string_view address, uint16_t port) {
  const bool v6 = address.find(':') != std::string_view::npos;
  return (v6 ? "[" + std::string(address) + "]" : std::string(address)) + ":" + std::to_string(port);
}

bool SplitHostPort(std::string_view text, std::string* address, uint16_t* port) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *port);
  if (error != std::errc() || end != digits.data() + digits.size() || host.empty()) return false;
  *address = std::string(host);
  return true;
}

bool IsNumericAddress(const std::string& text) {
  in6_addr parsed{};
  return inet_pton(AF_INET, text.c_str(), &parsed) == 1 || inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

bool HasRoute(const std::string& address) {
  SocketAddress to;
  if (!Parse(address, /*port=*/9, &to)) return true;  // the port is of no account, but must be one
  // Of a UDP socket connect(2) looks the route up, and that is all it does.
  const int fd = socket(to.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool none =
      fd < 0 ? errno == EAFNOSUPPORT
             : connect(fd, reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0 && errno == ENETUNREACH;
  if (fd >= 0) close(fd);
  return !none;
}

namespace {

// The kernel's list of IPv4 addresses and the names they carry, netdevice(7): two system calls, where getifaddrs(3)
// asks netlink for every link and address of the host. False when it cannot be told whether the list is whole.
bool FindAmongIpv4(const std::string& address, int socket_fd, std::string* name) {
  std::array<ifreq, 256> entries;
  ifconf list{};
  list.ifc_len = sizeof(entries);
  list.ifc_req = entries.data();
  const int own_fd = socket_fd < 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
  const bool listed = ioctl(socket_fd < 0 ? own_fd : socket_fd, SIOCGIFCONF, &list) == 0;
  if (own_fd >= 0) close(own_fd);
  const size_t count = listed ? static_cast<size_t>(list.ifc_len) / sizeof(ifreq) : 0;
  for (size_t i = 0; i < count; ++i) {
    uint16_t port = 0;
    if (AddressText(&entries[i].ifr_addr, &port) != address) continue;
    *name = entries[i].ifr_name;
    return true;
  }
  return listed && count < entries.size();
}

}  // namespace

std::string InterfaceOfAddress(const std::string& address, int socket_fd) {
  std::string found;
  if (address.find(':') == std::string::npos && FindAmongIpv4(address, socket_fd, &found)) return found;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return "";
  std::string name;
  for (const ifaddrs* entry = list; entry != nullptr && name.empty(); entry = entry->ifa_next) {
    uint16_t port = 0;
    if (entry->ifa_addr != nullptr && AddressText(entry->ifa_addr, &port) == address) name = entry->ifa_name;
  }
  freeifaddrs(list);
  return name;
}

}  // namespace parallax::net
