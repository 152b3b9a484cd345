// Descriptors that no child process inherits. For both programs; no function of messages. Thread-safe.
//
// Closed on exec from their first instant, where the system can: a flag that is set later is too late for a process
// that another thread starts in between. All return -1 or false, with errno, when there is none.
#ifndef PARALLAX_CONTRACT_DESCRIPTORS_H_
#define PARALLAX_CONTRACT_DESCRIPTORS_H_

#include <sys/types.h>

#include <string_view>
#include <utility>

namespace parallax::contract {

// Owns one descriptor, and closes it. Not thread-safe.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { Reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    Reset(other.Release());
    return *this;
  }

  void Reset(int fd = -1);
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// Non-blocking, socket(2).
int OpenSocket(int family, int type, int protocol = 0);
// pipe(2): ends[0] is read, ends[1] written. Both block.
bool OpenPipe(int ends[2]);
// Two unix stream sockets that are connected with each other. Both block.
bool OpenSocketPair(int ends[2]);
// accept(2), non-blocking.
int AcceptOn(int listener);
// dup2(2).
bool DuplicateOnto(int fd, int onto);
// fcntl(2), O_NONBLOCK.
void DoNotBlock(int fd);
// send(2) that neither blocks, where `fd` may not, nor raises SIGPIPE. What it returns.
ssize_t SendSome(int fd, std::string_view bytes);
// The same, and does not block on a blocking socket either.
ssize_t SendNow(int fd, std::string_view bytes);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_DESCRIPTORS_H_
