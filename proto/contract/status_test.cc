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

}  // namespace
}  // namespace parallax::contract
