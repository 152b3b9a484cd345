#include "contract/descriptors.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parallax::contract {

int OpenSocket(int family, int type, int protocol) {
  return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

bool OpenPipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0; }

bool OpenSocketPair(int ends[2]) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0; }

int AcceptOn(int listener) { return accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); }

bool DuplicateOnto(int fd, int onto) { return dup3(fd, onto, O_CLOEXEC) == onto; }

ssize_t SendSome(int fd, std::string_view bytes) { return send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

ssize_t SendNow(int fd, std::string_view bytes) {
  return send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace parallax::contract
