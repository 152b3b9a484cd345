#include "agent/net/wake.h"

#include <unistd.h>

#include "contract/descriptors.h"

namespace parallax::net {

Wake::Wake() {
  int ends[2];
  if (!contract::OpenPipe(ends)) return;
  reader_ = ends[0];
  writer_ = ends[1];
  contract::DoNotBlock(writer_);
}

Wake::~Wake() {
  for (const int fd : {reader_, writer_}) {
    if (fd >= 0) close(fd);
  }
}

void Wake::Set() const { [[maybe_unused]] const ssize_t written = write(writer_, "", 1); }

}  // namespace parallax::net
