#include "contract/not_reached.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr Dialling kPlaintext = {false, false, "in plaintext", "with TLS", "look there"};
constexpr Dialling kTls = {true, false, "in plaintext", "with TLS", "look there"};
constexpr Dialling kShown = {true, true, "in plaintext", "with TLS", "look there"};

TEST(NotReached, KnownWordsHaveTheirOwnRemedy) {
  EXPECT_THAT(NotReachedRemedy("Failed to connect to remote host: Connection refused", kTls), HasSubstr("serve"));
  EXPECT_THAT(NotReachedRemedy("CERTIFICATE_VERIFY_FAILED: certificate verify failed", kTls), HasSubstr("--tls-ca"));
  EXPECT_THAT(NotReachedRemedy("Hostname Verification Check failed.", kTls), HasSubstr("--tls-name"));
  for (const char* why : {"SSL_ERROR_SSL: error:1408F10B: WRONG_VERSION_NUMBER", "error:0A00010B:wrong version number"})
    EXPECT_THAT(NotReachedRemedy(why, kTls), AllOf(HasSubstr("no TLS"), EndsWith("reached in plaintext")));
}

TEST(NotReached, OtherWordsHaveTheLikeliest) {
  EXPECT_THAT(NotReachedRemedy("Socket closed", kPlaintext), AllOf(HasSubstr("look there"), EndsWith("with TLS")));
  EXPECT_THAT(NotReachedRemedy("Socket closed", kTls), AllOf(HasSubstr("--tls-key"), EndsWith("look there")));
  EXPECT_THAT(NotReachedRemedy("Socket closed", kShown), AllOf(HasSubstr("may not accept"), EndsWith("look there")));
}

}  // namespace
}  // namespace parallax::contract
