#include "controller/experiment/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace parallax::experiment {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Error(std::string_view text) { return std::string(ParseYaml(text, "x.yaml").status().message()); }

TEST(YamlTree, KnowsWhereItsPartsStand) {
  const auto root = ParseYaml("a: 1\nsides:\n  inside: local\n  list: [x, y]\n", "x.yaml");
  ASSERT_TRUE(root.ok()) << root.status();
  ASSERT_TRUE(root->is_map());
  const YamlNode* inside = root->Find("sides")->Find("inside");
  ASSERT_NE(inside, nullptr);
  EXPECT_EQ(inside->text, "local");
  EXPECT_EQ(inside->line, 3U);
  EXPECT_EQ(inside->column, 11U);
  EXPECT_EQ(root->Find("sides")->Find("list")->items.size(), 2U);
  EXPECT_EQ(root->Find("nothing"), nullptr);
}

TEST(YamlTree, AnEmptyFileIsNothing) {
  EXPECT_EQ(ParseYaml("", "x.yaml")->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(ParseYaml("# only a comment\n", "x.yaml")->kind, YamlNode::Kind::kNull);
}

TEST(YamlTree, RefusesWhatAnExperimentHasNoUseForAndSaysWhere) {
  EXPECT_THAT(Error("a: 1\nb:\n\t- x\n"), StartsWith("x.yaml:3:1: a tab indents this line"));
  EXPECT_THAT(Error("a: &name 1\n"), StartsWith("x.yaml:1:4: an anchor (&name)"));
  EXPECT_THAT(Error("a: [1, 2]\nb: *name\n"), HasSubstr("x.yaml:2:4"));
  EXPECT_THAT(Error("a: !!binary aGVsbG8=\n"), HasSubstr("a tag (!name)"));
  EXPECT_THAT(Error("a: 1\n---\nb: 2\n"), HasSubstr("a second document begins"));
  EXPECT_THAT(Error("<<: {a: 1}\n"), HasSubstr("'<<' merges another map"));
  EXPECT_THAT(Error("? [a]\n: 1\n"), HasSubstr("a key is a word"));
  EXPECT_THAT(Error("a: 1\nb: 2\na: 3\n"), StartsWith("x.yaml:3:1: 'a' stands twice, first in line 1"));
  EXPECT_THAT(Error("a: [1, 2\nb: 3"), HasSubstr("this is no YAML"));
  EXPECT_THAT(Error(std::string("a: \0b", 5)), HasSubstr("NUL byte"));
  EXPECT_THAT(Error("a: 1\nb: caf\xe9"), StartsWith("x.yaml:2:4: a character that is not UTF-8"));
  EXPECT_TRUE(ParseYaml("a: café\nb: |\n  two\n  lines\n", "x.yaml").ok());
}

// "A billion laughs": ten lists of ten aliases each, which would be 10^9 values. The first alias ends it.
TEST(YamlTree, ABillionLaughsAreRefusedAtTheFirst) {
  std::string text = "a: &a [lol, lol]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    text += absl::StrCat(std::string(1, c), ": &", std::string(1, c), " [*", std::string(1, static_cast<char>(c - 1)),
                         ", *", std::string(1, static_cast<char>(c - 1)), "]\n");
  }
  EXPECT_THAT(Error(text), StartsWith("x.yaml:1:4: an anchor"));
}

TEST(YamlTree, IsBoundedInSizeNumberAndDepth) {
  EXPECT_THAT(Error(std::string(kMaxYamlBytes + 1, ' ')), HasSubstr("an experiment has at most"));
  std::string many = "a: [";
  for (size_t i = 0; i <= kMaxYamlNodes; ++i) many += "1,";
  EXPECT_THAT(Error(many + "1]"), HasSubstr("there are more than 50000 values"));
  EXPECT_THAT(Error(std::string(100, '[') + std::string(100, ']')), HasSubstr("nested more than 16 deep"));
  // Far past yaml-cpp's own bound.
  EXPECT_FALSE(ParseYaml(std::string(100'000, '['), "x.yaml").ok());
}

TEST(YamlTree, SetAtPutsAValueWhereItsPathLeads) {
  auto root = ParseYaml("sides:\n  inside: local\n", "x.yaml");
  YamlNode value;
  value.kind = YamlNode::Kind::kScalar;
  value.text = "ssh:h";
  ASSERT_TRUE(SetAt(&*root, "sides.inside", value, "--set x").ok());
  ASSERT_TRUE(SetAt(&*root, "expect.status", value, "--set x").ok());
  EXPECT_EQ(root->Find("sides")->Find("inside")->text, "ssh:h");
  EXPECT_EQ(root->Find("expect")->Find("status")->text, "ssh:h");
  EXPECT_FALSE(SetAt(&*root, "sides.inside.deeper", value, "--set x").ok());
  EXPECT_FALSE(SetAt(&*root, "sides..x", value, "--set x").ok());
}

}  // namespace
}  // namespace parallax::experiment
