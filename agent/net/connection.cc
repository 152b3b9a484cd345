#include "agent/net/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "agent/net/address.h"
#include "agent/net/classify.h"
#include "agent/net/poll.h"
#include "agent/net/socket_facts.h"
#include "contract/descriptors.h"
#include "contract/limits.h"

namespace parallax::net {
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
  if (!ToSocketAddress(address, port, &to)) return failed(v1::LOCAL_RESOURCE, EINVAL);
  fd_ = contract::OpenSocket(to.storage.ss_family, SOCK_STREAM, IPPROTO_TCP);
  if (fd_ < 0) {
    const int error = errno;
    return failed(error == EAFNOSUPPORT ? v1::NO_ROUTE : v1::LOCAL_RESOURCE, error);
  }
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));  // small questions, timed answers
  record_->set_opened_ns(Offset());  // what came before is this host's work, not the network's
  if (connect(fd_, to.get(), to.size) != 0) {
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
    const ssize_t sent = reset_at_once_ != 0 ? -1 : contract::SendSome(fd_, bytes);
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
    pollfd fds[2] = {{fd_, events, 0}, {cancel_.fd(), POLLIN, 0}};
    if (PollFor(fds, 2, wait_ns) > 0 && fds[0].revents != 0) return {};
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

bool HasRoute(const std::string& address) {
  SocketAddress to;
  if (!ToSocketAddress(address, /*port=*/9, &to)) return true;  // the port is of no account, but must be one
  // Of a UDP socket connect(2) looks the route up, and that is all it does.
  const int fd = contract::OpenSocket(to.storage.ss_family, SOCK_DGRAM);
  const bool none = fd < 0 ? errno == EAFNOSUPPORT : connect(fd, to.get(), to.size) != 0 && errno == ENETUNREACH;
  if (fd >= 0) close(fd);
  return !none;
}

}  // namespace parallax::net
