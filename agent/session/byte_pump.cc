#include "agent/session/byte_pump.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "contract/descriptors.h"

namespace parallax::session {

BytePump::BytePump(int from, int to, std::function<void()> on_end)
    : from_(from), to_(to), on_end_(std::move(on_end)), thread_([this] {
        Pump();
        on_end_();
      }) {}

void BytePump::Stop() {
  stop_.Cancel();
  if (thread_.joinable()) thread_.join();
}

void BytePump::Pump() {
  char buffer[16 * 1024];
  while (WaitFor(from_, POLLIN)) {
    const ssize_t got = read(from_, buffer, sizeof(buffer));
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0 || !WriteAll(buffer, static_cast<size_t>(got))) return;
  }
}

bool BytePump::WaitFor(int fd, short events) {
  for (;;) {
    pollfd waits[] = {{fd, events, 0}, {stop_.fd(), POLLIN, 0}};
    const int ready = poll(waits, 2, stop_.fd() < 0 ? 50 : -1);
    if (stop_.cancelled()) return false;
    if (ready > 0 && waits[0].revents != 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool BytePump::WriteAll(const char* data, size_t size) {
  while (size > 0) {
    // A socket nearly always takes the bytes at once: it is waited for only when it did not.
    ssize_t sent = contract::SendNow(to_, {data, size});
    const bool not_a_socket = sent < 0 && errno == ENOTSOCK;
    if (not_a_socket || (sent < 0 && errno == EAGAIN)) {
      if (!WaitFor(to_, POLLOUT)) return false;
      if (!not_a_socket) continue;
      // A pipe that polls as writable takes PIPE_BUF bytes without blocking (pipe(7)).
      sent = write(to_, data, std::min<size_t>(size, PIPE_BUF));
    }
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return false;
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace parallax::session
