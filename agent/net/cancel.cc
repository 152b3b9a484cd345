#include "agent/net/cancel.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace parallax::net {

CancelToken::CancelToken() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

CancelToken::~CancelToken() {
  if (fd_ >= 0) close(fd_);
}

void CancelToken::Cancel() {
  if (cancelled_.exchange(true, std::memory_order_acq_rel) || fd_ < 0) return;
  const uint64_t one = 1;
  // Cannot block: the counter goes from 0 to 1 once.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof(one));
}

}  // namespace parallax::net
