#include "agent/probes/tunnel/socks5.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace parallax::probes {
namespace {

// A peer that says these bytes, a few at a time, and then ends as `end` says.
class Scripted final : public net::ByteStream {
 public:
  Scripted(std::string says, v1::Failure end) : says_(std::move(says)), end_(end) {}
  net::IoResult Write(std::string_view bytes, int64_t) override {
    heard_ += bytes;
    return {};
  }
  net::IoResult Read(std::string* to, size_t max, int64_t) override {
    if (says_.empty()) return {end_, 0, 0, ""};
    const size_t size = std::min<size_t>({max, says_.size(), 3});
    to->append(says_, 0, size);
    says_.erase(0, size);
    return {v1::NONE, 0, size, ""};
  }
  const std::string& heard() const { return heard_; }
  const std::string& unread() const { return says_; }

 private:
  std::string says_;
  std::string heard_;
  const v1::Failure end_;
};

std::string Bytes(std::initializer_list<int> values) { return std::string(values.begin(), values.end()); }

TEST(Socks5, AsksForAnAddressOfEitherFamilyOrAName) {
  Scripted v4(Bytes({5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 'S'}), v1::TIMED_OUT);
  const SocksAnswer answer = ConnectBySocks(v4, "10.0.4.172", 5432, 0);
  EXPECT_EQ(answer.failure, v1::NONE);
  EXPECT_TRUE(answer.replied);
  EXPECT_EQ(v4.heard(), Bytes({5, 1, 0, 5, 1, 0, 1, 10, 0, 4, 172, 5432 >> 8, 5432 & 0xff}));
  EXPECT_EQ(v4.unread(), "S") << "that byte is the destination's";

  Scripted name(Bytes({5, 0, 5, 0, 0, 3, 1, 'x', 0, 0}), v1::TIMED_OUT);
  EXPECT_EQ(ConnectBySocks(name, "db", 1, 0).failure, v1::NONE);
  EXPECT_EQ(name.heard(), Bytes({5, 1, 0, 5, 1, 0, 3, 2, 'd', 'b', 0, 1}));

  Scripted v6(Bytes({5, 0, 5, 4, 0, 1, 0, 0, 0, 0, 0, 0}), v1::TIMED_OUT);
  EXPECT_EQ(ConnectBySocks(v6, "fd00::1", 1, 0).failure, v1::UNREACHABLE);
  EXPECT_EQ(v6.heard().size(), 3u + 4 + 16 + 2);
}

TEST(Socks5, TellsAnEndWithoutAReplyFromSilenceFromARefusal) {
  const auto failure = [](const std::string& says, v1::Failure end) {
    Scripted peer(says, end);
    return ConnectBySocks(peer, "10.0.4.172", 5432, 0).failure;
  };
  const std::string greeted = Bytes({5, 0});
  EXPECT_EQ(failure(greeted, v1::CLOSED), v1::CLOSED_BEFORE_FIRST_BYTE);
  EXPECT_EQ(failure(greeted, v1::RESET), v1::RESET_BEFORE_FIRST_BYTE);
  EXPECT_EQ(failure(greeted, v1::TIMED_OUT), v1::TIMED_OUT);
  EXPECT_EQ(failure(greeted + Bytes({5}), v1::CLOSED), v1::CLOSED);
  EXPECT_EQ(failure(greeted + Bytes({5, 5, 0, 1}), v1::CLOSED), v1::REFUSED);
  EXPECT_EQ(failure(greeted + Bytes({5, 2, 0, 1}), v1::CLOSED), v1::SERVER_ERROR);
  EXPECT_EQ(failure(greeted + Bytes({5, 99, 0, 1}), v1::CLOSED), v1::SERVER_ERROR);
  EXPECT_EQ(failure(greeted + Bytes({4, 0, 0, 1}), v1::CLOSED), v1::PROTOCOL_VIOLATION);
  EXPECT_EQ(failure(greeted + Bytes({5, 0, 0, 9}), v1::CLOSED), v1::PROTOCOL_VIOLATION);
}

TEST(Socks5, KnowsWhatIsNoSocksServer) {
  Scripted http("HTTP/1.1 400 Bad Request", v1::CLOSED);
  SocksAnswer answer = GreetSocks(http, 0);
  EXPECT_EQ(answer.failure, v1::UNEXPECTED_FIRST_BYTE);
  EXPECT_FALSE(answer.greeted);
  Scripted one_byte("N", v1::CLOSED);
  EXPECT_EQ(GreetSocks(one_byte, 0).failure, v1::UNEXPECTED_FIRST_BYTE);
  Scripted locked(Bytes({5, 0xff}), v1::CLOSED);
  answer = GreetSocks(locked, 0);
  EXPECT_EQ(answer.failure, v1::AUTH_REJECTED);
  EXPECT_TRUE(answer.greeted);
}

}  // namespace
}  // namespace parallax::probes
