#include "controller/cli/history_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace parallax::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kTarget[] = "postgres://app@db.internal:5432/app?sslmode=require";

std::vector<std::string> Lines(const std::vector<store::RunLine>& runs, size_t columns = 80) {
  std::vector<std::string> lines = absl::StrSplit(HistoryText(runs, columns, false), '\n');
  lines.pop_back();
  return lines;
}

TEST(HistoryText, TheColumnsStandUnderEachOtherBelowAHeader) {
  const auto lines =
      Lines({{"7f3a00c0ffee", 1'790'000'000'000'000'000, kTarget, "diverged", "tunnel.bastion_unreachable"},
             {"1111", 1'790'000'000'000'000'000, "tcp://10.0.4.172:80", "healthy", ""},
             {"2222", 1'790'000'000'000'000'000, "dns:db", "cannot_tell", ""}});
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines[0], StartsWith("RUN           STARTED           RESULT"));
  const size_t target = lines[0].find("TARGET");
  EXPECT_EQ(lines[1].find("postgres:"), target) << lines[1];
  EXPECT_EQ(lines[2].find("tcp:"), target) << lines[2];
  EXPECT_EQ(lines[3].find("dns:"), target) << lines[3];
  const size_t result = lines[0].find("RESULT");
  EXPECT_EQ(lines[1].find("tunnel."), result);
  EXPECT_EQ(lines[2].find("healthy"), result);
  EXPECT_EQ(lines[3].find("cannot_tell"), result);
}

TEST(HistoryText, NoLineIsWiderThanThePage) {
  for (const std::string& line : Lines({{"7f3a00c0ffee", 0, kTarget, "diverged", "tunnel.bastion_unreachable"}})) {
    EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(HistoryText, WithoutRunsItSaysHowToMakeOne) {
  EXPECT_THAT(HistoryText({}, 80, false), HasSubstr("parallax compare makes them"));
}

}  // namespace
}  // namespace parallax::cli
