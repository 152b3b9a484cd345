#include "contract/digest.h"

#include <gtest/gtest.h>

namespace parallax::contract {
namespace {

// FIPS 180-4 example vectors.
TEST(Digest, KnownVectors) {
  EXPECT_EQ(Digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, EveryByteCounts) { EXPECT_NE(Digest(std::string_view("a\0b", 3)), Digest(std::string_view("a\0c", 3))); }

}  // namespace
}  // namespace parallax::contract
