#include "contract/descriptors.h"

#include <fcntl.h>
#include <unistd.h>

namespace parallax::contract {

void Descriptor::Reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

void DoNotBlock(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace parallax::contract
