#include "contract/shell_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Split(std::string_view command) {
  auto words = SplitShellWords(command);
  EXPECT_TRUE(words.ok()) << words.status();
  return words.ok() ? *words : std::vector<std::string>{};
}

TEST(SplitShellWords, PartsAtBlanks) {
  EXPECT_THAT(Split("ssh bastion parallax-agent stdio"), ElementsAre("ssh", "bastion", "parallax-agent", "stdio"));
  EXPECT_THAT(Split("  a \t b\n c "), ElementsAre("a", "b", "c"));
}

TEST(SplitShellWords, QuotesAndBackslashesKeep) {
  EXPECT_THAT(Split("sh -c 'echo motd; exec agent stdio'"), ElementsAre("sh", "-c", "echo motd; exec agent stdio"));
  EXPECT_THAT(Split("a\\ b \"c d\"'e f'g"), ElementsAre("a b", "c de fg"));
  EXPECT_THAT(Split(R"("\"\\\$\x" '\n')"), ElementsAre(R"("\$\x)", R"(\n)"));
  EXPECT_THAT(Split("a '' \"\""), ElementsAre("a", "", ""));
  EXPECT_THAT(Split("a\\\nb"), ElementsAre("ab"));
}

TEST(SplitShellWords, ExpandsNothing) {
  EXPECT_THAT(Split("$HOME `id` $(id) * ~ | > x; &"),
              ElementsAre("$HOME", "`id`", "$(id)", "*", "~", "|", ">", "x;", "&"));
}

TEST(SplitShellWords, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(SplitShellWords("a 'b").status().message(),
              HasSubstr("single quote that is never closed at character 3"));
  EXPECT_THAT(SplitShellWords("a \"b\\\"").status().message(), HasSubstr("double quote"));
  EXPECT_THAT(SplitShellWords("a\\").status().message(), HasSubstr("backslash"));
  EXPECT_THAT(SplitShellWords(std::string_view("a\0b", 3)).status().message(), HasSubstr("NUL"));
  EXPECT_THAT(SplitShellWords("'a\0b'" + std::string(1, '\0')).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(SplitShellWords("").ok());
  EXPECT_FALSE(SplitShellWords("  ").ok());
}

}  // namespace
}  // namespace parallax::contract
