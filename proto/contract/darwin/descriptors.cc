#include "contract/descriptors.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace parallax::contract {
namespace {

// This system cannot set it from the first instant: a process that starts in between inherits `fd`.
int CloseOnExec(int fd) {
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

int NeverSigpipe(int fd) {
  const int on = 1;
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
  return fd;
}

}  // namespace

int OpenSocket(int family, int type, int protocol) {
  const int fd = NeverSigpipe(CloseOnExec(socket(family, type, protocol)));
  if (fd >= 0) DoNotBlock(fd);
  return fd;
}

bool OpenPipe(int ends[2]) {
  if (pipe(ends) != 0) return false;
  CloseOnExec(ends[0]);
  CloseOnExec(ends[1]);
  return true;
}

bool OpenSocketPair(int ends[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return false;
  NeverSigpipe(CloseOnExec(ends[0]));
  NeverSigpipe(CloseOnExec(ends[1]));
  return true;
}

int AcceptOn(int listener) {
  const int fd = NeverSigpipe(CloseOnExec(accept(listener, nullptr, nullptr)));
  if (fd >= 0) DoNotBlock(fd);
  return fd;
}

bool DuplicateOnto(int fd, int onto) { return CloseOnExec(dup2(fd, onto)) == onto; }

ssize_t SendSome(int fd, std::string_view bytes) { return send(fd, bytes.data(), bytes.size(), 0); }

ssize_t SendNow(int fd, std::string_view bytes) { return send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT); }

}  // namespace parallax::contract
