#include "controller/compare/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/compare/compared_for_test.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::Attempt;
using support::CarriedBy;
using support::Failed;
using support::kTarget;
using support::Mute;
using support::NoConnect;
using support::PostgresUntil;
using support::RunBuilder;
using support::Said;

v1::Rung RungAt(const RunBuilder& builder) { return SideOf(Compared(builder)).rung(); }

RunBuilder Ending(const Attempt& attempt, CarriedBy way = CarriedBy::kRouted) {
  RunBuilder builder(kTarget, way);
  builder.Outside().On("postgres", attempt);
  return builder;
}

TEST(Rungs, EachOfTheLadder) {
  EXPECT_EQ(RungAt(Ending(NoConnect(v1::REFUSED, 40))), v1::NOTHING);
  RunBuilder local = Ending(Mute(v1::SSL_REQUEST, 0.5), CarriedBy::kSst);
  local.Outside().WithoutSocks();
  EXPECT_EQ(RungAt(local), v1::SYN_ACK) << "it may be local";
  EXPECT_EQ(RungAt(Ending(Mute(v1::SSL_REQUEST, 40))), v1::CONTROLS_HOLD);
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Failed(v1::TLS_HANDSHAKE, v1::TIMED_OUT, 5000)))), v1::SERVER_BYTE);
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Failed(v1::STARTUP, v1::TIMED_OUT, 5000)))), v1::SAME_IDENTITY);
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Failed(v1::AUTHENTICATION, v1::TIMED_OUT, 5000)))), v1::AUTHENTICATED_STAGE);
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Said(v1::STARTUP, "28000", "no entry", 40)))), v1::AUTHENTICATED_STAGE);
  EXPECT_EQ(RungAt(RunBuilder()), v1::QUERY_RUNG) << "behind a local accept a query can be proved all the same";
}

TEST(Rungs, TheSocksPortCanVouchForATcpTarget) {
  RunBuilder builder("tcp://10.0.4.172:80");
  EXPECT_EQ(RungAt(builder), v1::CONTROLS_HOLD);
  EXPECT_EQ(Compared(builder).status(), v1::HEALTHY);
  builder.Outside().Socks("*", v1::NONE);  // it says yes to everything, the negative controls included
  EXPECT_EQ(RungAt(builder), v1::SYN_ACK);
  EXPECT_EQ(Compared(builder).status(), v1::CANNOT_TELL);
}

TEST(Rungs, AnotherCertificateIsNotTheSameIdentity) {
  support::Conversation conversation;
  conversation.certificate = support::kOtherCertificate;
  EXPECT_EQ(RungAt(Ending(PostgresUntil(Failed(v1::STARTUP, v1::TIMED_OUT, 5000), conversation))), v1::SERVER_BYTE);
}

}  // namespace
}  // namespace parallax::compare
