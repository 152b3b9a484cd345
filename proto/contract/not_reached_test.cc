#include "contract/not_reached.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

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

// For each way not to get there: what is possible and true to advise, and what would not help.
TEST(NotReached, WhatIsAdvisedCanHelp) {
  struct {
    const char* why;
    const char* helps;
    const char* does_not;
  } const cases[] = {
      {"DNS resolution failed for agent.internal:7411: C-ares status is not ARES_SUCCESS: Domain name not found",
       "spelling", "resolv.conf"},
      {"DNS resolution failed: C-ares status is not ARES_SUCCESS: Could not contact DNS servers", "resolv.conf",
       "spelling"},
      {"DNS resolution failed: C-ares status is not ARES_SUCCESS: Timeout while contacting DNS servers", "resolv.conf",
       "spelling"},
      {"DNS resolution failed: DNS server returned general failure", "resolv.conf", "spelling"},
      {"agent.internal: Temporary failure in name resolution", "resolv.conf", "spelling"},
      {"agent.internal: Name or service not known", "spelling", "resolv.conf"},
      {"Failed to create socket: Too many open files", "ulimit -n", "parallax-agent serve"},
      {"Cannot allocate memory", "memory", "parallax-agent serve"},
      {"Resource temporarily unavailable", "ulimit -u", "parallax-agent serve"},
      {"connect /run/parallax.sock: No such file or directory", "check the path", "port"},
      {"connect /run/parallax.sock: Permission denied", "mode", "--tls-c"},
      {"Failed to connect to remote host: Connection timed out", "security group", "spelling"},
      {"Failed to connect to remote host: No route to host", "network you are on", "spelling"},
      {"certificate verify failed", "extendedKeyUsage", "spelling"},
  };
  for (const Dialling& dialling : {kPlaintext, kTls, kShown}) {
    for (const auto& [why, helps, does_not] : cases) {
      EXPECT_THAT(NotReachedRemedy(why, dialling), AllOf(HasSubstr(helps), Not(HasSubstr(does_not)))) << why;
    }
  }
  EXPECT_THAT(NotReachedRemedy("Socket closed", kShown), HasSubstr("clientAuth"));
}

TEST(NotReached, OtherWordsHaveTheLikeliest) {
  EXPECT_THAT(NotReachedRemedy("Socket closed", kPlaintext), AllOf(HasSubstr("look there"), EndsWith("with TLS")));
  EXPECT_THAT(NotReachedRemedy("Socket closed", kTls), AllOf(HasSubstr("--tls-key"), EndsWith("look there")));
  EXPECT_THAT(NotReachedRemedy("Socket closed", kShown), AllOf(HasSubstr("may not accept"), EndsWith("look there")));
}

}  // namespace
}  // namespace parallax::contract
