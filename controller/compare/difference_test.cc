#include "controller/compare/difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/compare/compared_for_test.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::CarriedBy;
using support::Closed;
using support::kNamedTarget;
using support::kTarget;
using support::PostgresUntil;
using support::RunBuilder;
using support::Said;

TEST(FirstDifference, IsTheFirstStepAtWhichTheyPart) {
  RunBuilder builder;
  builder.Outside().On("postgres", Closed(v1::SSL_REQUEST, 0.5, 0.4));
  const v1::Comparison comparison = Compared(builder);
  EXPECT_EQ(comparison.first_difference().step(), v1::SSL_REQUEST);
  EXPECT_EQ(comparison.first_difference_probe(), kPair);
  EXPECT_EQ(comparison.first_difference().inside(), "S in 0.4 ms");
  EXPECT_EQ(comparison.first_difference().outside(), "closed in 0.4 ms, 0 bytes");
}

TEST(FirstDifference, NoneWhereTheyAreAlike) {
  EXPECT_FALSE(Compared(RunBuilder()).has_first_difference());
  // How long it takes is no difference.
  EXPECT_FALSE(Compared(RunBuilder(kTarget, CarriedBy::kRouted, 300)).has_first_difference());
}

TEST(FirstDifference, NamesFirst) {
  RunBuilder builder(kNamedTarget, CarriedBy::kRouted);
  builder.Outside().names["db.internal"] = {"203.0.113.9"};
  EXPECT_EQ(Compared(builder).first_difference().step(), v1::RESOLVE);
  EXPECT_EQ(Compared(builder).first_difference_probe(), "dns db.internal");
}

TEST(FirstDifference, TheServersWordsAndIdentityCount) {
  RunBuilder other;
  other.Outside().conversation.certificate = support::kOtherCertificate;
  EXPECT_EQ(Compared(other).first_difference().step(), v1::TLS_HANDSHAKE);
  RunBuilder codes;
  codes.Inside().On("postgres", PostgresUntil(Said(v1::STARTUP, "28000", "no entry", 1)));
  codes.Outside().On("postgres", PostgresUntil(Said(v1::STARTUP, "3D000", "no database", 1)));
  EXPECT_EQ(Compared(codes).first_difference().step(), v1::STARTUP);
  RunBuilder stripped;
  stripped.Outside().conversation.tls = false;
  EXPECT_EQ(Compared(stripped).first_difference().step(), v1::SSL_REQUEST);
}

}  // namespace
}  // namespace parallax::compare
