// absl::Status to grpc::Status and back. A target of its own, so that gRPC stays out of the core.
#ifndef PARALLAX_PROTO_CONTRACT_STATUS_H_
#define PARALLAX_PROTO_CONTRACT_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace parallax::contract {

// The codes of both are the same numbers (google.rpc.Code).
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_STATUS_H_
