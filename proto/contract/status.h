// absl::Status to grpc::Status and back. A target of its own, so that gRPC stays out of the core.
#ifndef PARALLAX_PROTO_CONTRACT_STATUS_H_
#define PARALLAX_PROTO_CONTRACT_STATUS_H_

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace parallax::contract {

// The codes of both are the same numbers (google.rpc.Code).
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

// The reason in what gRPC says when a channel could not connect: "failed to connect to all addresses; last error:
// UNKNOWN: ipv4:127.0.0.1:7411: Failed to connect to remote host: Connection refused" gives "Failed to connect to
// remote host: Connection refused". Any other text is given back as it is.
std::string ConnectFailure(std::string_view message);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_STATUS_H_
