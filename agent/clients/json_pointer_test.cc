#include "agent/clients/json_pointer.h"

#include <gtest/gtest.h>

namespace parallax::clients {
namespace {

std::string At(const nlohmann::json& document, std::string_view pointer) {
  const nlohmann::json* found = FindByPointer(document, pointer);
  return found == nullptr ? "(none)" : JsonText(*found);
}

TEST(JsonPointer, FindsWhatTheExamplesOfTheRfcFind) {
  const auto document = nlohmann::json::parse(
      R"({"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8})");
  EXPECT_EQ(FindByPointer(document, ""), &document);
  EXPECT_EQ(At(document, "/foo"), R"(["bar","baz"])");
  EXPECT_EQ(At(document, "/foo/0"), "bar");
  EXPECT_EQ(At(document, "/"), "0");
  EXPECT_EQ(At(document, "/a~1b"), "1");
  EXPECT_EQ(At(document, "/c%d"), "2");
  EXPECT_EQ(At(document, "/e^f"), "3");
  EXPECT_EQ(At(document, "/g|h"), "4");
  EXPECT_EQ(At(document, "/i\\j"), "5");
  EXPECT_EQ(At(document, "/k\"l"), "6");
  EXPECT_EQ(At(document, "/ "), "7");
  EXPECT_EQ(At(document, "/m~0n"), "8");
}

TEST(JsonPointer, NamesNothingWhereThereIsNothing) {
  const auto document = nlohmann::json::parse(R"({"list": [1, 2], "text": "x", "~1": 9})");
  for (const char* pointer : {"/nowhere", "/list/2", "/list/-", "/list/01", "/list/x", "/list/+1", "/text/0", "text",
                              "/list/18446744073709551616", "/text/"}) {
    EXPECT_EQ(At(document, pointer), "(none)") << pointer;
  }
  EXPECT_EQ(At(document, "/~01"), "9") << "~0 is read after ~1";
}

TEST(JsonPointer, ShowsValuesInTheirShortestForm) {
  const auto document =
      nlohmann::json::parse(R"({"t": true, "n": null, "i": 42, "f": 1.5, "s": "a b", "o": {"k": 1}})");
  EXPECT_EQ(At(document, "/t"), "true");
  EXPECT_EQ(At(document, "/n"), "null");
  EXPECT_EQ(At(document, "/i"), "42");
  EXPECT_EQ(At(document, "/f"), "1.5");
  EXPECT_EQ(At(document, "/s"), "a b");
  EXPECT_EQ(At(document, "/o"), R"({"k":1})");
}

std::string Nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(ParseJson, RefusesWhatIsTooDeepToBeWalked) {
  std::string why_not;
  EXPECT_EQ(JsonText(ParseJson(Nested(kMaxJsonDepth), &why_not)), Nested(kMaxJsonDepth));
  EXPECT_EQ(JsonText(ParseJson(R"({"a": [1, {}], "b": "c"})", &why_not)), R"({"a":[1,{}],"b":"c"})");
  EXPECT_EQ(why_not, "");
  for (const int levels : {kMaxJsonDepth + 1, 200'000}) {
    EXPECT_TRUE(ParseJson(Nested(levels), &why_not).is_discarded());
    EXPECT_EQ(why_not, "the body is JSON of more than 128 levels, which is not read");
  }
  EXPECT_TRUE(ParseJson("<html>", &why_not).is_discarded());
  EXPECT_EQ(why_not, "the body is no JSON");
  EXPECT_TRUE(ParseJson("", &why_not).is_discarded());
}

}  // namespace
}  // namespace parallax::clients
