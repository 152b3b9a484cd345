#include "agent/net/cancel.h"

namespace parallax::net {

void CancelToken::Cancel() {
  if (!cancelled_.exchange(true, std::memory_order_acq_rel)) wake_.Set();
}

}  // namespace parallax::net
