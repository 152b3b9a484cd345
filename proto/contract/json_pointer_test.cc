#include "contract/json_pointer.h"

#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

TEST(JsonPointer, IsOneByItsGrammar) {
  for (const char* good : {"", "/", "/a/0", "/a~1b/m~0n", "/ /="}) EXPECT_TRUE(IsJsonPointer(good)) << good;
  for (const char* bad : {"a", "a/b", "/a~", "/a~2", "/~/a"}) EXPECT_FALSE(IsJsonPointer(bad)) << bad;
}

}  // namespace
}  // namespace parallax::contract
