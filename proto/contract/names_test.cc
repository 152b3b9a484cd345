#include "contract/names.h"

#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

TEST(Names, AreTheWordsOfTheJsonContract) {
  EXPECT_EQ(Name(v1::CLOSED_BEFORE_FIRST_BYTE), "closed_before_first_byte");
  EXPECT_EQ(Name(v1::QUERY_RUNG), "query");
  EXPECT_EQ(Name(v1::SYN_ACK), "syn_ack");
  EXPECT_EQ(Name(v1::CANNOT_TELL), "cannot_tell");
  EXPECT_EQ(Name(v1::BOTH_FAILED_DIFFERENTLY), "both_failed_differently");
  EXPECT_EQ(Name(v1::UNDECIDED), "cannot_tell");
  EXPECT_EQ(Name(v1::VERIFY_FULL), "verify-full");
}

TEST(Names, AnUnknownValueIsNotEmpty) { EXPECT_EQ(Name(static_cast<v1::Failure>(99)), "unknown_99"); }

TEST(Names, SslModesGoBothWays) {
  for (int i = v1::DISABLE; i <= v1::VERIFY_FULL; ++i) {
    EXPECT_EQ(SslModeFromName(Name(static_cast<v1::SslMode>(i))), static_cast<v1::SslMode>(i));
  }
  EXPECT_EQ(SslModeFromName("Require"), std::nullopt);
}

TEST(Names, KindComesFromTheOneof) {
  v1::ProbeSpec spec;
  EXPECT_EQ(KindOf(spec), "");
  spec.mutable_postgres();
  EXPECT_EQ(KindOf(spec), "postgres");
}

}  // namespace
}  // namespace parallax::contract
