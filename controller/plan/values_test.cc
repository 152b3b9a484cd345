#include "controller/plan/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parallax::plan {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Values, Durations) {
  EXPECT_EQ(*ParseDurationMs("5s"), 5000);
  EXPECT_EQ(*ParseDurationMs("500ms"), 500);
  EXPECT_EQ(*ParseDurationMs("1m"), 60'000);
  for (const char* wrong :
       {"", "5", "s", "-1s", "0s", "1ms", "11m", "99999999999999999999s", "9223372036854775807s", "5 s", "5.5s"}) {
    EXPECT_FALSE(ParseDurationMs(wrong).ok()) << wrong;
  }
  EXPECT_THAT(std::string(ParseDurationMs("5").status().message()), HasSubstr("write 5s"));
}

TEST(Values, ConnectTo) {
  const auto map = ParseConnectTo("outside:db.internal:5432:127.0.0.1:15432");
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->first, "outside");
  EXPECT_EQ(map->second.host(), "db.internal");
  EXPECT_EQ(map->second.port(), 5432U);
  EXPECT_EQ(map->second.to_host(), "127.0.0.1");
  EXPECT_EQ(map->second.to_port(), 15432U);
  const auto six = ParseConnectTo("outside:[fd00::5]:5432:[::1]:15432");
  ASSERT_TRUE(six.ok()) << six.status();
  EXPECT_EQ(six->second.host(), "fd00::5");
  EXPECT_EQ(six->second.to_host(), "::1");
  for (const char* wrong : {"", "outside", "outside:h", "outside:h:0:i:1", "outside:h:1:i", "outside:h:1:i:70000",
                            "outside:[::1:1:i:1", "outside::1:i:1", "outside:h:1::1", "h:1:i:1"}) {
    EXPECT_FALSE(ParseConnectTo(wrong).ok()) << wrong;
  }
  EXPECT_FALSE(ParseConnectTo("outside:" + std::string(10'000, 'h') + ":1:i:1").ok());
}

TEST(Values, Witnesses) {
  const auto witness = ParseWitness("bastion=exec:ssh b a=b");
  ASSERT_TRUE(witness.ok());
  EXPECT_EQ(witness->first, "bastion");
  EXPECT_EQ(witness->second, "exec:ssh b a=b");
  for (const char* wrong :
       {"", "bastion", "=local", "bastion=", "inside=local", "outside=local", "a b=local", "a\x1b=local"}) {
    EXPECT_FALSE(ParseWitness(wrong).ok()) << wrong;
  }
  const auto long_name = ParseWitness(std::string(10'000, 'x') + "=local");
  ASSERT_FALSE(long_name.ok());
  EXPECT_LT(long_name.status().message().size(), 400U);
}

TEST(Values, ASecretIsNeverRepeated) {
  EXPECT_TRUE(CheckSecretRef("env:PGPASSWORD").ok());
  EXPECT_TRUE(CheckSecretRef("exec:pass show db").ok());
  EXPECT_FALSE(CheckSecretRef("env:").ok());
  const auto status = CheckSecretRef("hunter2");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hunter2")));
}

TEST(Values, Nearest) {
  const std::vector<std::string> names = {"--inside", "--outside", "--password-from", "--no-store"};
  EXPECT_EQ(Nearest("--insde", names), "--inside");
  EXPECT_EQ(Nearest("-inside", names), "--inside");
  EXPECT_EQ(Nearest("--password", names), "--password-from");
  EXPECT_EQ(Nearest("--frobnicate", names), "");
  EXPECT_EQ(Nearest(std::string(10'000, 'x'), names), "");
}

}  // namespace
}  // namespace parallax::plan
