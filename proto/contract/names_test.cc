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

TEST(Names, TheKernelsWordsAreItsOwnAndGoBothWays) {
  EXPECT_EQ(Name(v1::TCP_STATE_SYN_SENT), "syn-sent");
  EXPECT_EQ(Name(v1::TCP_STATE_FIN_WAIT_1), "fin-wait-1");
  EXPECT_EQ(Name(v1::PROCESS_STATE_WAITING_FOR_A_DISK), "waiting for a disk");
  EXPECT_EQ(Name(v1::LINK_KIND_IP6GRETAP), "ip6gretap");
  EXPECT_EQ(Name(v1::NEIGHBOUR_STATE_UNSPECIFIED), "") << "not known";
  EXPECT_EQ(LinkKindFromName("tun10"), v1::LINK_KIND_OTHER);
  EXPECT_EQ(LinkKindFromName(""), v1::LINK_KIND_UNSPECIFIED);
  EXPECT_EQ(TcpStateFromName("SYN-SENT"), v1::TCP_STATE_UNSPECIFIED);
  for (int i = 1; i < v1::LinkKind_ARRAYSIZE; ++i) {
    const auto kind = static_cast<v1::LinkKind>(i);
    EXPECT_EQ(LinkKindFromName(Name(kind)), kind) << i;
  }
  for (int i = 1; i < v1::TcpState_ARRAYSIZE; ++i) {
    EXPECT_EQ(TcpStateFromName(Name(static_cast<v1::TcpState>(i))), i);
  }
  for (int i = 1; i < v1::ProcessState_ARRAYSIZE; ++i) {
    EXPECT_EQ(ProcessStateFromName(Name(static_cast<v1::ProcessState>(i))), i);
  }
}

TEST(Names, KindComesFromTheOneof) {
  v1::ProbeSpec spec;
  EXPECT_EQ(KindOf(spec), "");
  spec.mutable_postgres();
  EXPECT_EQ(KindOf(spec), "postgres");
}

}  // namespace
}  // namespace parallax::contract
