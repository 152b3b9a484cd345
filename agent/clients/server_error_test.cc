#include "agent/clients/server_error.h"

#include <gtest/gtest.h>

#include <string>

namespace parallax::clients {
namespace {

std::string Found(const std::string& message) {
  v1::ServerError error;
  if (!FindServerError(message, &error)) return "nothing";
  return error.severity() + "|" + error.code() + "|" + error.message();
}

TEST(FindServerError, TakesTheServersWordsOutOfLibpqs) {
  EXPECT_EQ(Found("ERROR:  42P01: no such table\nLOCATION:  parse.c, line 7\n"), "ERROR|42P01|no such table");
  EXPECT_EQ(Found("connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL:  28P01: no: not you\n"),
            "FATAL|28P01|no: not you");
  EXPECT_EQ(Found("FEHLER:  22012: Division durch Null"), "FEHLER|22012|Division durch Null");
  EXPECT_EQ(Found("one:  two FATAL:  57P01: goodbye"), "FATAL|57P01|goodbye");
  for (const char* none : {"", "\n", "could not connect: Connection refused", "ERROR:  42p01: lower", "ERROR:  42P01:",
                           "ERROR:  42P01", ":  42P01: of no severity", "server closed the connection unexpectedly"}) {
    EXPECT_EQ(Found(none), "nothing") << none;
  }
}

TEST(FindServerError, TheLastAttemptCounts) {
  EXPECT_EQ(Found("failed: FATAL:  28000: no TLS, please\nfailed: FATAL:  3D000: no database\n"),
            "FATAL|3D000|no database");
}

TEST(FindServerError, WhatTheServerQuotesIsNotItsError) {
  EXPECT_EQ(Found("ERROR:  P0001: raised\nDETAIL:  AAAAA: told\nSCHEMA NAME:  BBBBB: x\nCONTEXT:  CCCCC: y\n"),
            "ERROR|P0001|raised");
}

// A regular expression overflowed the stack on the first, and took minutes for the second.
TEST(FindServerError, AMegabyteIsRead) {
  const std::string megabyte(1024 * 1024, 'x');
  EXPECT_EQ(Found("ERROR:  57014: canceled\nCONTEXT:  unnamed portal with parameters: $1 = '" + megabyte + "'\n"),
            "ERROR|57014|canceled");
  EXPECT_EQ(Found("ERROR:  57014: canceled\nDETAIL:  " + megabyte), "ERROR|57014|canceled");
  EXPECT_EQ(Found(megabyte + ":  57014: canceled").substr(0, 8), "xxxxxxxx");
  std::string colons;
  for (int i = 0; i < 300'000; ++i) colons += ":  ";
  EXPECT_EQ(Found(colons), "nothing");
}

}  // namespace
}  // namespace parallax::clients
