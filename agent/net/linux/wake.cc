#include "agent/net/wake.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace parallax::net {

Wake::Wake() : reader_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), writer_(reader_) {}

Wake::~Wake() {
  if (reader_ >= 0) close(reader_);
}

void Wake::Set() const {
  const uint64_t one = 1;
  // Cannot block: the counter goes from 0 to 1 once.
  [[maybe_unused]] const ssize_t written = write(writer_, &one, sizeof(one));
}

}  // namespace parallax::net
