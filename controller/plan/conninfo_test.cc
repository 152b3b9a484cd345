#include "controller/plan/conninfo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"

namespace parallax::plan {
namespace {

// "host=db port=1": sorted by name, so that order means nothing.
std::string Flat(std::vector<Setting> settings) {
  std::sort(settings.begin(), settings.end(), [](const Setting& a, const Setting& b) { return a.name < b.name; });
  std::string text;
  for (const Setting& setting : settings)
    absl::StrAppend(&text, text.empty() ? "" : " ", setting.name, "=", setting.value);
  return text;
}

struct Row {
  const char* text;
  const char* settings;  // or what is wrong, where it begins with '!'
};

constexpr Row kRows[] = {
    {"postgres://", ""},
    {"postgresql://", ""},
    {"postgres://db", "host=db"},
    {"postgres://db:5433", "host=db port=5433"},
    {"postgres://db/app", "dbname=app host=db"},
    {"postgres://me@db", "host=db user=me"},
    {"postgres://me:pw@db", "host=db password=pw user=me"},
    {"postgres://me:p%40w@db", "host=db password=p@w user=me"},
    {"postgres://me:p@w/d@db/x", "dbname=x host=db password=p@w/d user=me"},
    {"postgres:///app", "dbname=app"},
    {"postgres:///app?host=/var/run/postgresql", "dbname=app host=/var/run/postgresql"},
    {"postgres://%2Fvar%2Frun/app", "dbname=app host=/var/run"},
    {"postgres:///app?host=db&port=6432&user=me", "dbname=app host=db port=6432 user=me"},
    {"postgres://db/app?host=other", "dbname=app host=other"},
    {"postgres://db?dbname=app&dbname=last", "dbname=last host=db"},
    {"postgres://h1:1,h2:2/app", "dbname=app host=h1,h2 port=1,2"},
    {"postgres://h1,h2:2/app", "dbname=app host=h1,h2 port=,2"},
    {"postgres://h1,h2/app", "dbname=app host=h1,h2"},
    {"postgres://[fd00::1]:1,[fd00::2]:2/app", "dbname=app host=fd00::1,fd00::2 port=1,2"},
    {"postgres://[::1]/app", "dbname=app host=::1"},
    {"postgres://[fe80::1%25eth0]:5432/app", "dbname=app host=fe80::1%eth0 port=5432"},
    {"postgres://db?options=-c%20search_path%3Dapp", "host=db options=-c search_path=app"},
    {"postgres://db?ssl=true", "host=db sslmode=require"},
    {"postgres://db?ssl=require", "host=db sslmode=require"},
    {"postgres://db?ssl=verify-full", "host=db sslmode=verify-full"},
    {"postgres://db?ssl=1", "!write sslmode=disable"},
    {"postgres://db?ssl=false", "!write sslmode=disable"},
    {"postgres://db?", "host=db"},
    {"postgres://db?a=1&&b=2", "a=1 b=2 host=db"},
    {"postgres://db?sslmode", "!has no 'NAME='"},
    {"postgres://db?=x", "!has no 'NAME='"},
    {"postgres://db?x=%zz", "!two hex digits"},
    {"postgres://d%b", "!two hex digits"},
    {"postgres://[::1", "!no ']'"},
    {"postgres://[]", "!brackets are empty"},
    {"postgres://[::1]x", "!follows the ']'"},
    {"postgres://fd00::1/x", "!in brackets"},
    {"postgres://db:/x", "!port is empty"},
    {"postgres:db", "!'//' is missing"},
    {"POSTGRES://DB", "host=DB"},
    // Drivers.
    {"postgresql+asyncpg://me:pw@db/app?ssl=require", "dbname=app host=db password=pw sslmode=require user=me"},
    {"postgresql+psycopg2://me@db/app", "dbname=app host=db user=me"},
    {"postgresql+psycopg://db", "host=db"},
    {"postgresql+pg8000://db", "host=db"},
    {"postgres+asyncpg://db", "host=db"},
    {"postgres+ssl://db", "!?sslmode=require"},
    {"postgresql+unix://db", "!socket of one host"},
    {"prisma+postgres://accelerate.prisma-data.net/?api_key=x", "!DIRECT_URL"},
    // JDBC.
    {"jdbc:postgresql://db:5433/app?user=me&password=pw", "dbname=app host=db password=pw port=5433 user=me"},
    {"jdbc:postgresql://db/app?ssl=true", "dbname=app host=db sslmode=verify-full"},
    {"jdbc:postgresql://db/app?ssl=true&sslmode=require", "dbname=app host=db sslmode=require"},
    {"jdbc:postgresql://db/app?ssl=false", "dbname=app host=db"},
    {"jdbc:postgresql://db/app?ssl", "dbname=app host=db sslmode=verify-full"},
    {"jdbc:postgresql://db/app?ssl=maybe", "!neither true nor false"},
    {"jdbc:postgresql://db/app?user=me&=true", "!no name before"},
    {"jdbc:postgresql:app", "dbname=app host=localhost"},
    {"jdbc:postgresql:/", "host=localhost"},
    {"jdbc:postgresql:///app", "dbname=app host=localhost"},
    {"jdbc:postgresql://db/app?ApplicationName=x&targetServerType=primary",
     "application_name=x dbname=app host=db target_session_attrs=read-write"},
    {"jdbc:postgresql://db/app?targetServerType=odd", "!targetServerType"},
    {"jdbc:postgresql://db/app?channelBinding=require", "channel_binding=require dbname=app host=db"},
    {"jdbc:postgresql://db/app?sslfactory=org.postgresql.ssl.NonValidatingFactory", "!sslfactory"},
    {"jdbc:postgresql://db/app?currentSchema=x", "currentSchema=x dbname=app host=db"},
    {"jdbc:postgresql://me:pw@db/app", "!behind the '?'"},
    {"jdbc:mysql://db/app", "!only jdbc:postgresql:"},
    // Keywords and values.
    {"host=db port=5432", "host=db port=5432"},
    {"  host = db   port=5432  ", "host=db port=5432"},
    {"host=db\nport=5432\tuser=me", "host=db port=5432 user=me"},
    {"password='two words' host=db", "host=db password=two words"},
    {"password='it\\'s' host=db", "host=db password=it's"},
    {"password=it\\'s host=db", "host=db password=it's"},
    {"password=a\\ b host=db", "host=db password=a b"},
    {"password='a\\\\b' host=db", "host=db password=a\\b"},
    {"host='' dbname=app", "dbname=app host="},
    {"host= dbname=app", "host=dbname=app"},  // blanks behind '=' are skipped, as libpq skips them
    {"host=a host=b", "host=b"},
    {"options='-c geqo=off' host=db", "host=db options=-c geqo=off"},
    {"host=h1,h2 port=1,2", "host=h1,h2 port=1,2"},
    {"host=db word", "!no '=' behind it"},
    {"host=db =x", "!no '=' behind it"},
    {"password='open host=db", "!is not closed"},
};

TEST(Conninfo, Rows) {
  for (const auto& [text, expected] : kRows) {
    const auto info = ParseConninfo(text);
    if (*expected == '!') {
      ASSERT_FALSE(info.ok()) << text << " became " << Flat(info->settings);
      EXPECT_THAT(std::string(info.status().message()), ::testing::HasSubstr(expected + 1)) << text;
      continue;
    }
    ASSERT_TRUE(info.ok()) << text << ": " << info.status();
    EXPECT_EQ(Flat(info->settings), expected) << text;
    for (const std::string& printed : {PrintUri(info->settings), PrintKeywords(info->settings)}) {
      if (printed.empty()) continue;  // no keywords at all
      const auto again = ParseConninfo(printed);
      ASSERT_TRUE(again.ok()) << text << " -> " << printed << ": " << again.status();
      EXPECT_EQ(Flat(again->settings), expected) << text << " -> " << printed;
    }
  }
}

TEST(Conninfo, WhatIsPrintedParsesToTheSame) {
  std::mt19937 random(7);
  constexpr char kNames[][24] = {"host",   "port",    "user",    "password",
                                 "dbname", "sslmode", "options", "application_name"};
  constexpr std::string_view kBytes = "ab1.-_:/@%?&=#[],' \\\"\t\xc3\xa9";
  for (int round = 0; round < 5000; ++round) {
    std::vector<Setting> settings;
    for (const char* name : kNames) {
      if (random() % 2 == 0) continue;
      std::string value;
      for (size_t left = random() % 6; left > 0; --left) value += kBytes[random() % kBytes.size()];
      settings.push_back({name, value, kAsWritten, ""});
    }
    if (settings.empty()) continue;
    for (const std::string& printed : {PrintUri(settings), PrintKeywords(settings)}) {
      const auto again = ParseConninfo(printed);
      ASSERT_TRUE(again.ok()) << printed << ": " << again.status();
      ASSERT_EQ(Flat(again->settings), Flat(settings)) << printed;
    }
  }
}

TEST(Conninfo, NothingOfAPasswordStandsInAnError) {
  for (const char* text : {"password=two s3cr3t host=db", "password='s3cr3t host=db", "host=db password=s3cr3t s3cr3t",
                           "postgres://me:s3cr3t?x@db/app", "postgres://me:s3cr3t?ssl=x@db/app",
                           "postgres://me:x[s3cr3t@db:/app", "jdbc:postgresql://me:s3cr3t@db/app",
                           "jdbc:postgresql://db/app?user=me&s3cr3t", "postgres+ssl://me:s3cr3t@db"}) {
    const auto info = ParseConninfo(text);
    ASSERT_FALSE(info.ok()) << text;
    EXPECT_THAT(std::string(info.status().message()), ::testing::Not(::testing::HasSubstr("s3cr3t"))) << text;
  }
}

TEST(Conninfo, WhichFormATextHas) {
  for (const char* text : {"host=db", " host =db", "a=", "dbname=postgres://x"})
    EXPECT_TRUE(IsKeywordForm(text)) << text;
  for (const char* text : {"", "=x", "postgres://db?a=b", "https://h/#/a=b", "dns:a", "host db=1", "-x=1"}) {
    EXPECT_FALSE(IsKeywordForm(text)) << text;
  }
}

}  // namespace
}  // namespace parallax::plan
