#include "contract/grpc_runtime.h"

#include <grpc/grpc.h>

namespace parallax::contract {

void KeepGrpc() {
  static const bool kept = (grpc_init(), true);
  static_cast<void>(kept);
}

}  // namespace parallax::contract
