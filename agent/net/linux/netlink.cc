#include "agent/net/linux/netlink.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/net/clock.h"
#include "agent/net/poll.h"

namespace parallax::net {
namespace {

// Large enough for any one message of the kernel: a dump fills at most 32 KiB at a time.
constexpr size_t kBufferBytes = 64 * 1024;

class Socket {
 public:
  explicit Socket(int protocol) : fd_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

absl::Status Unavailable(std::string_view what, int error) {
  return absl::UnavailableError(absl::StrCat(std::string(what), ": ", std::strerror(error)));
}

bool WaitReadable(int fd, int64_t deadline_ns) {
  for (;;) {
    const int64_t left_ns = deadline_ns - SystemClock().MonotonicNs();
    if (left_ns <= 0) return false;
    pollfd entry = {fd, POLLIN, 0};
    if (PollFor(&entry, 1, left_ns) > 0) return true;
  }
}

}  // namespace

void NetlinkRequest::Append(const void* bytes, size_t size) {
  bytes_.append(static_cast<const char*>(bytes), size);
  bytes_.resize(NLMSG_ALIGN(bytes_.size()), '\0');
}

void NetlinkRequest::AddAttribute(uint16_t type, std::string_view value) {
  rtattr attribute{};
  attribute.rta_type = type;
  attribute.rta_len = static_cast<uint16_t>(RTA_LENGTH(value.size()));
  Append(&attribute, sizeof(attribute));
  Append(value.data(), value.size());
}

bool NetlinkRequest::dump() const {
  nlmsghdr header{};
  std::memcpy(&header, bytes_.data(), sizeof(header));
  return (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

std::string NetlinkRequest::Bytes() const {
  std::string bytes = bytes_;
  const auto size = static_cast<uint32_t>(bytes.size());
  std::memcpy(bytes.data() + offsetof(nlmsghdr, nlmsg_len), &size, sizeof(size));
  return bytes;
}

absl::Status AskNetlink(int protocol, const NetlinkRequest& request, int64_t deadline_ns,
                        const std::function<void(const nlmsghdr&)>& each, int* os_error) {
  *os_error = 0;
  const Socket socket(protocol);
  if (socket.fd() < 0) return Unavailable("netlink socket", errno);
  const std::string bytes = request.Bytes();
  if (send(socket.fd(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return Unavailable("netlink request", errno);
  }
  const bool dump = request.dump();
  std::vector<char> buffer(kBufferBytes);
  for (;;) {
    const ssize_t got = recv(socket.fd(), buffer.data(), buffer.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return Unavailable("netlink answer", errno);
      if (!WaitReadable(socket.fd(), deadline_ns)) return absl::DeadlineExceededError("the kernel's netlink is slow");
      continue;
    }
    auto left = static_cast<unsigned>(got);
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
        // Both carry a negative errno; a DONE of an old kernel may be empty.
        int error = 0;
        if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(error))) std::memcpy(&error, NLMSG_DATA(header), sizeof(error));
        *os_error = -error;
        return absl::OkStatus();
      }
      each(*header);
      if (!dump) return absl::OkStatus();
    }
    if (SystemClock().MonotonicNs() > deadline_ns) return absl::DeadlineExceededError("the kernel's list is too long");
  }
}

void ForEachAttribute(const void* first, size_t size, const std::function<void(uint16_t, std::string_view)>& each) {
  auto left = static_cast<unsigned>(size);
  for (const auto* attribute = static_cast<const rtattr*>(first); RTA_OK(attribute, left);
       attribute = RTA_NEXT(attribute, left)) {
    each(attribute->rta_type & NLA_TYPE_MASK,
         std::string_view(static_cast<const char*>(RTA_DATA(attribute)), RTA_PAYLOAD(attribute)));
  }
}

}  // namespace parallax::net
