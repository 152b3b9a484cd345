#include "contract/status.h"

#include <string>

namespace parallax::contract {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

std::string ConnectFailure(std::string_view message) {
  for (const std::string_view scheme : {"ipv4:", "ipv6:"}) {
    const size_t address = message.rfind(scheme);
    const size_t reason = address == std::string_view::npos ? address : message.find(": ", address);
    if (reason != std::string_view::npos) return std::string(message.substr(reason + 2));
  }
  return std::string(message);
}

}  // namespace parallax::contract
