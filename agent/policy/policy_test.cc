#include "agent/policy/policy.h"

#include <gtest/gtest.h>

namespace parallax::policy {
namespace {

TEST(Policy, RefusesMetadataServicesInEveryForm) {
  for (const char* address :
       {"169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "fd00:ec2::254", "FD00:EC2:0::254",
        "fd20:ce::254", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "[fd00:ec2::254]", "fd00:ec2::254%eth0",
        "64:ff9b::169.254.169.254", "::169.254.169.254"}) {
    const absl::Status status = Policy().CheckAddress(address, 80);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << address;
    EXPECT_NE(status.message().find("metadata"), std::string::npos) << status;
  }
}

TEST(Policy, AllowsEverythingElse) {
  for (const char* address : {"10.0.4.172", "127.0.0.1", "::1", "169.254.169.253", "fd00:ec2::253", "8.8.8.8",
                              "64:ff9b::10.0.0.1", "fe80::1%eth0"}) {
    EXPECT_TRUE(Policy().CheckAddress(address, 5432).ok()) << address;
  }
}

TEST(Policy, ANameIsNotAnAddress) {
  for (const char* address : {"", "metadata.google.internal", "169.254.169.254.", "0xa9fea9fe"}) {
    EXPECT_EQ(Policy().CheckAddress(address, 80).code(), absl::StatusCode::kInvalidArgument) << address;
  }
}

}  // namespace
}  // namespace parallax::policy
