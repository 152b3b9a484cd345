#include "contract/status.h"

#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

TEST(Status, GoesThereAndBack) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), code == 0 ? "" : "why");
    EXPECT_EQ(FromGrpc(ToGrpc(status)), status) << code;
  }
}

TEST(Status, TheReasonOfAConnectIsTakenOutOfItsWrapping) {
  EXPECT_EQ(ConnectFailure("failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:7411: Failed to "
                           "connect to remote host: Connection refused"),
            "Failed to connect to remote host: Connection refused");
  EXPECT_EQ(ConnectFailure("failed to connect to all addresses; last error: UNAVAILABLE: ipv6:%5B::1%5D:7411: Socket "
                           "closed"),
            "Socket closed");
  EXPECT_EQ(ConnectFailure("DNS resolution failed for db: C-ares status is not ARES_SUCCESS"),
            "DNS resolution failed for db: C-ares status is not ARES_SUCCESS");
}

}  // namespace
}  // namespace parallax::contract
