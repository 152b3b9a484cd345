#include "agent/net/address.h"

#include <gtest/gtest.h>

namespace parallax::net {
namespace {

TEST(LoopbackAddress, IsToldInBothFamilies) {
  for (const char* yes : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IsLoopbackAddress(yes)) << yes;
  for (const char* no : {"128.0.0.1", "::2", "::ffff:10.0.0.1", "", "localhost"})
    EXPECT_FALSE(IsLoopbackAddress(no)) << no;
}

TEST(SocketAddress, IsMadeOfNumericTextAlone) {
  for (const char* address : {"10.0.4.172", "fd00::1"}) {
    SocketAddress made;
    ASSERT_TRUE(ToSocketAddress(address, 5432, &made)) << address;
    uint16_t port = 0;
    EXPECT_EQ(AddressText(made.get(), &port), address);
    EXPECT_EQ(port, 5432);
  }
  SocketAddress made;
  EXPECT_FALSE(ToSocketAddress("localhost", 5432, &made));
}

}  // namespace
}  // namespace parallax::net
