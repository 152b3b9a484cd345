#include "controller/plan/libpq_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace parallax::plan {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct PassRow {
  const char* text;
  const char* host;
  const char* port;
  const char* database;
  const char* user;
  const char* password;  // nullptr: no line fits
  int line;
};

// As pwdfMatchesString() of libpq has it.
constexpr PassRow kPassRows[] = {
    {"db:5432:app:me:pw", "db", "5432", "app", "me", "pw", 1},
    {"db:5432:app:me:pw\n", "db", "5432", "app", "me", "pw", 1},
    {"db:5432:app:me:pw\r\n", "db", "5432", "app", "me", "pw", 1},
    {"*:*:*:*:pw", "db", "5432", "app", "me", "pw", 1},
    {"db:*:*:me:pw", "db", "6432", "x", "me", "pw", 1},
    {"db:5432:app:you:pw", "db", "5432", "app", "me", nullptr, 0},
    {"DB:5432:app:me:pw", "db", "5432", "app", "me", nullptr, 0},
    {"db:5433:app:me:pw", "db", "5432", "app", "me", nullptr, 0},
    {"db:5432:app:me:a\\:b\\\\c", "db", "5432", "app", "me", "a:b\\c", 1},
    {"fd00\\:\\:5:5432:app:me:pw", "fd00::5", "5432", "app", "me", "pw", 1},
    {"db:5432:my app:me:two words ", "db", "5432", "my app", "me", "two words ", 1},
    {"# db:5432:app:me:no\ndb:5432:app:me:pw", "db", "5432", "app", "me", "pw", 2},
    {"\n\nother:*:*:*:no\n*:*:*:*:pw", "db", "5432", "app", "me", "pw", 4},
    {"*:*:*:*:first\n*:*:*:*:second", "db", "5432", "app", "me", "first", 1},
    {"db:5432:app:me", "db", "5432", "app", "me", nullptr, 0},
    {"db", "db", "5432", "app", "me", nullptr, 0},
    {"", "db", "5432", "app", "me", nullptr, 0},
    {"*:*:*:\\*:pw", "db", "5432", "app", "me", nullptr, 0},
    {"*:*:*:\\*:pw", "db", "5432", "app", "*", "pw", 1},
    {"db:5432:app:me:", "db", "5432", "app", "me", "", 1},
};

TEST(PasswordFile, Rows) {
  for (const PassRow& row : kPassRows) {
    const auto found = FindPassword(row.text, row.host, row.port, row.database, row.user);
    ASSERT_EQ(found.has_value(), row.password != nullptr) << row.text;
    if (!found.has_value()) continue;
    EXPECT_EQ(found->password, row.password) << row.text;
    EXPECT_EQ(found->line, row.line) << row.text;
  }
}

TEST(ServiceFile, AGroupUpToTheNext) {
  const auto found = FindService(
      "# ours\n[other]\nhost=no\n[app]\nhost=db\n\nport=6432\nhost=second\npassword= p w \n[last]\nuser=no\n", "app",
      "/home/me/.pg_service.conf");
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_TRUE(found->has_value());
  ASSERT_EQ((*found)->size(), 3U);
  EXPECT_EQ((**found)[0], (Setting{"host", "db", "", ""}));
  EXPECT_EQ((**found)[1], (Setting{"port", "6432", "", ""}));
  EXPECT_EQ((**found)[2], (Setting{"password", " p w", "", ""}));
  EXPECT_EQ((**found)[0].from, "service app of /home/me/.pg_service.conf");
}

TEST(ServiceFile, WhatIsNotThereAndWhatIsWrong) {
  EXPECT_FALSE(FindService("[b]\nhost=x\n", "a", "f")->has_value());
  EXPECT_FALSE(FindService("", "a", "f")->has_value());
  for (const auto& [text, words] :
       {std::pair("[a]\ns3cr3t\n", "line 2 of f has no '='"), std::pair("[a]\nldap://h/s3cr3t\n", "asks a directory"),
        std::pair("[a]\nservice=s3cr3t\n", "names another service")}) {
    const auto found = FindService(text, "a", "f");
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_THAT(std::string(found.status().message()), HasSubstr(words));
    EXPECT_THAT(std::string(found.status().message()), Not(HasSubstr("s3cr3t")));
  }
}

}  // namespace
}  // namespace parallax::plan
