#include "controller/plan/quantities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parallax::plan {
namespace {

using ::testing::HasSubstr;

TEST(Quantities, DurationsWithinTheirBounds) {
  EXPECT_EQ(*ParseDuration("500ms", 0, kHourMs), 500);
  EXPECT_EQ(*ParseDuration("2h", 0, 2 * kHourMs), 2 * kHourMs);
  EXPECT_EQ(*ParseDuration("0s", 0, kHourMs), 0);
  EXPECT_THAT(std::string(ParseDuration("3h", 0, 2 * kHourMs).status().message()),
              HasSubstr("is not between 0ms and 2h"));
  EXPECT_FALSE(ParseDuration("9223372036854775807h", 0, kHourMs).ok());
  EXPECT_FALSE(ParseDuration("-1s", 0, kHourMs).ok());
  EXPECT_FALSE(ParseDuration("1.5s", 0, kHourMs).ok());
  EXPECT_THAT(std::string(ParseDuration("toggle the NAT", 0, kHourMs).status().message()),
              HasSubstr("is no duration; write 5s"));
}

TEST(Quantities, SizesInBytes) {
  EXPECT_EQ(*ParseBytes("512"), 512U);
  EXPECT_EQ(*ParseBytes("64kB"), 64'000U);
  EXPECT_EQ(*ParseBytes("1MiB"), 1U << 20);
  EXPECT_THAT(std::string(ParseBytes("1GB").status().message()), HasSubstr("none of B, kB"));
  EXPECT_THAT(std::string(ParseBytes("65MiB").status().message()), HasSubstr("more than the 64MiB"));
  EXPECT_FALSE(ParseBytes("9223372036854775807MiB").ok());
  EXPECT_FALSE(ParseBytes("").ok());
}

TEST(Quantities, DurationsAreWrittenInTheirLargestWholeUnit) {
  EXPECT_EQ(DurationText(kHourMs), "1h");
  EXPECT_EQ(DurationText(90 * kSecondMs), "90s");
  EXPECT_EQ(DurationText(120 * kSecondMs), "2m");
  EXPECT_EQ(DurationText(1500), "1500ms");
}

}  // namespace
}  // namespace parallax::plan
