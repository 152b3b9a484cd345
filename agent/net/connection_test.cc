#include "agent/net/connection.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <thread>

#include "agent/net/address.h"
#include "agent/net/linux/own_namespace_for_test.h"
#include "agent/net/local_interface.h"
#include "contract/limits.h"
#include "tests/support/scripted_server.h"

namespace parallax::net {
namespace {

using support::ClosedPort;
using support::Peer;
using support::ScriptedServer;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr int64_t kSoon = 80 * kMs;
constexpr int64_t kLate = 20'000 * kMs;

// A connection, and what it wrote about itself.
class ConnectionTest : public ::testing::Test {
 protected:
  int64_t In(int64_t ns) const { return SystemClock().MonotonicNs() + ns; }
  IoResult Connect(uint16_t port) { return connection_.Connect("127.0.0.1", port, In(kLate)); }

  CancelToken cancel_;
  v1::Connection record_;
  Connection connection_{SystemClock(), cancel_, SystemClock().MonotonicNs(), &record_};
  std::string bytes_;
};

TEST_F(ConnectionTest, KeepsADiary) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadExactly(4);
    peer.Send("pong!");
    peer.AwaitEnd();
  });
  ASSERT_TRUE(Connect(server.port()).ok());
  EXPECT_TRUE(connection_.Write("ping", In(kLate)).ok());
  const IoResult read = connection_.Read(&bytes_, 100, In(kLate));
  EXPECT_TRUE(read.ok());
  EXPECT_EQ(read.bytes, 5U);
  EXPECT_EQ(bytes_, "pong!");
  connection_.Close();

  EXPECT_EQ(record_.remote_address(), "127.0.0.1:" + std::to_string(server.port()));
  EXPECT_THAT(record_.local_address(), StartsWith("127.0.0.1:"));
  EXPECT_EQ(record_.interface(), "lo");
  EXPECT_EQ(record_.end(), v1::CLOSED_BY_US);
  EXPECT_EQ(record_.bytes_out(), 4U);
  EXPECT_EQ(record_.bytes_in(), 5U);
  ASSERT_EQ(record_.io_size(), 2);
  EXPECT_FALSE(record_.io(0).inbound());
  EXPECT_EQ(record_.io(0).first_byte(), static_cast<uint32_t>('p'));
  EXPECT_TRUE(record_.io(1).inbound());
  EXPECT_EQ(record_.io(1).size(), 5U);
  EXPECT_GE(record_.io(1).at_ns(), record_.io(0).at_ns());
  EXPECT_GT(record_.at_connect().snd_mss(), 0U);
  EXPECT_GT(record_.at_connect().pmtu(), 0U);
  EXPECT_EQ(record_.at_end().bytes_received(), 5U);
  EXPECT_GE(record_.ended_ns(), record_.opened_ns());
}

TEST_F(ConnectionTest, IsRefused) {
  const ClosedPort port;
  const IoResult result = Connect(port.port());
  EXPECT_EQ(result.failure, v1::REFUSED);
  EXPECT_EQ(result.os_error, ECONNREFUSED);
  EXPECT_EQ(record_.end(), v1::NEVER_OPENED);
  EXPECT_FALSE(connection_.open());
  EXPECT_FALSE(record_.has_at_connect());
}

TEST_F(ConnectionTest, AnAddressThatIsNoneIsOurOwnMistake) {
  EXPECT_EQ(connection_.Connect("db.test", 1, In(kLate)).failure, v1::LOCAL_RESOURCE);
  EXPECT_EQ(record_.end(), v1::NEVER_OPENED);
}

TEST_F(ConnectionTest, SilenceEndsAtTheDeadline) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  ASSERT_TRUE(Connect(server.port()).ok());
  EXPECT_EQ(connection_.Read(&bytes_, 1, In(kSoon)).failure, v1::TIMED_OUT);
  connection_.Close();
  EXPECT_EQ(record_.end(), v1::SILENCE);
}

TEST_F(ConnectionTest, ResetBeforeAndAfterTheFirstByte) {
  ScriptedServer server([](Peer& peer) {
    peer.ReadExactly(1);
    if (peer.number() == 1) {
      peer.Send("x");
      peer.ReadExactly(1);
    }
    peer.Rst();
  });
  ASSERT_TRUE(Connect(server.port()).ok());
  connection_.Write("a", In(kLate));
  const IoResult before = connection_.Read(&bytes_, 10, In(kLate));
  EXPECT_EQ(before.failure, v1::RESET_BEFORE_FIRST_BYTE);
  EXPECT_EQ(before.os_error, ECONNRESET);
  EXPECT_EQ(record_.end(), v1::RST_BY_PEER);

  v1::Connection record;
  Connection second(SystemClock(), cancel_, 0, &record);
  ASSERT_TRUE(second.Connect("127.0.0.1", server.port(), In(kLate)).ok());
  second.Write("a", In(kLate));
  ASSERT_TRUE(second.Read(&bytes_, 10, In(kLate)).ok());
  second.Write("a", In(kLate));
  EXPECT_EQ(second.Read(&bytes_, 10, In(kLate)).failure, v1::RESET);
  EXPECT_EQ(record.end(), v1::RST_BY_PEER);
  second.Close();
  EXPECT_EQ(record.end(), v1::RST_BY_PEER) << "the first end stands";
}

TEST_F(ConnectionTest, EndOfStreamBeforeAndAfterTheFirstByte) {
  ScriptedServer server([](Peer& peer) {
    if (peer.number() == 1) peer.Send("x");
    peer.Fin();
    peer.AwaitEnd();
  });
  ASSERT_TRUE(Connect(server.port()).ok());
  EXPECT_EQ(connection_.Read(&bytes_, 10, In(kLate)).failure, v1::CLOSED_BEFORE_FIRST_BYTE);
  EXPECT_EQ(record_.end(), v1::FIN_BY_PEER);
  connection_.Close();  // the server serves one at a time

  v1::Connection record;
  Connection second(SystemClock(), cancel_, 0, &record);
  ASSERT_TRUE(second.Connect("127.0.0.1", server.port(), In(kLate)).ok());
  ASSERT_TRUE(second.Read(&bytes_, 10, In(kLate)).ok());
  EXPECT_EQ(second.Read(&bytes_, 10, In(kLate)).failure, v1::CLOSED);
}

TEST_F(ConnectionTest, BytesThatCameBeforeAResetAreRead) {
  std::promise<void> reset;
  ScriptedServer server([&](Peer& peer) {
    peer.Send("last words");
    peer.Rst();
    reset.set_value();
  });
  ASSERT_TRUE(Connect(server.port()).ok());
  reset.get_future().wait();
  EXPECT_TRUE(connection_.Read(&bytes_, 100, In(kLate)).ok());
  EXPECT_EQ(bytes_, "last words");
  EXPECT_EQ(connection_.Read(&bytes_, 100, In(kLate)).failure, v1::RESET);
}

TEST_F(ConnectionTest, AResetThatComesWithTheConnectIsNoFailureOfTheConnect) {
  // Whether it does is a race: often enough here, and the answer must be the same.
  ScriptedServer server([](Peer& peer) { peer.Rst(); });
  for (int i = 0; i < 300; ++i) {
    v1::Connection record;
    Connection connection(SystemClock(), cancel_, 0, &record);
    ASSERT_TRUE(connection.Connect("127.0.0.1", server.port(), In(kLate)).ok());
    ASSERT_EQ(connection.Read(&bytes_, 1, In(kLate)).failure, v1::RESET_BEFORE_FIRST_BYTE);
    ASSERT_EQ(record.end(), v1::RST_BY_PEER);
    ASSERT_EQ(connection.Write("x", In(kLate)).failure, v1::RESET_BEFORE_FIRST_BYTE);
  }
}

TEST_F(ConnectionTest, ReadNowDoesNotWaitNorCallItSilence) {
  ScriptedServer server([](Peer& peer) { peer.AwaitEnd(); });
  ASSERT_TRUE(Connect(server.port()).ok());
  EXPECT_EQ(connection_.ReadNow(&bytes_, 10).failure, v1::TIMED_OUT);
  connection_.Close();
  EXPECT_EQ(record_.end(), v1::CLOSED_BY_US);
}

TEST_F(ConnectionTest, CancellationFromAnotherThreadWakesARead) {
  std::promise<void> reading;
  ScriptedServer server([&](Peer& peer) {
    reading.set_value();
    peer.AwaitEnd();
  });
  ASSERT_TRUE(Connect(server.port()).ok());
  std::thread canceller([&] {
    reading.get_future().wait();
    cancel_.Cancel();
  });
  const int64_t begin_ns = SystemClock().MonotonicNs();
  EXPECT_EQ(connection_.Read(&bytes_, 10, In(kLate)).failure, v1::CANCELLED);
  EXPECT_LT(SystemClock().MonotonicNs() - begin_ns, kLate / 2);
  canceller.join();
  connection_.Close();
  EXPECT_EQ(record_.end(), v1::CLOSED_BY_US);
}

TEST_F(ConnectionTest, CancelledItDoesNotConnectNorRead) {
  ScriptedServer server([](Peer& peer) { peer.Send("x"); });
  ASSERT_TRUE(Connect(server.port()).ok());
  cancel_.Cancel();
  EXPECT_EQ(connection_.Read(&bytes_, 10, In(kLate)).failure, v1::CANCELLED);
}

TEST_F(ConnectionTest, APeerThatNeverStopsSendingEndsAtTheDeadlineToo) {
  ScriptedServer server([](Peer& peer) {
    const std::string much(64 * 1024, 'x');
    while (peer.Send(much)) {
    }
  });
  ASSERT_TRUE(Connect(server.port()).ok());
  const int64_t deadline_ns = In(kSoon);
  IoResult result;
  while (result.ok() && SystemClock().MonotonicNs() < deadline_ns + kLate) {
    bytes_.clear();
    result = connection_.Read(&bytes_, 1000, deadline_ns);
    EXPECT_LE(bytes_.size(), 1000U);
  }
  EXPECT_EQ(result.failure, v1::TIMED_OUT);
  connection_.Close();
  EXPECT_EQ(record_.io_size(), static_cast<int>(contract::kMaxIoEvents));
  EXPECT_GT(record_.io_dropped(), 0U);
  EXPECT_LT(record_.ByteSizeLong(), 4096U) << "the diary is bounded";
}

TEST_F(ConnectionTest, AByteAtATimeEndsAtTheDeadline) {
  ScriptedServer server([](Peer& peer) {
    while (peer.Send("x") && peer.Pause(5)) {
    }
  });
  ASSERT_TRUE(Connect(server.port()).ok());
  const int64_t deadline_ns = In(kSoon);
  IoResult result;
  while (result.ok()) result = connection_.Read(&bytes_, 100, deadline_ns);
  EXPECT_EQ(result.failure, v1::TIMED_OUT);
  EXPECT_GT(bytes_.size(), 0U);
  connection_.Close();
  EXPECT_EQ(record_.end(), v1::UNFINISHED);
}

TEST_F(ConnectionTest, SilenceIsCountedFromOurLastWord) {
  ScriptedServer server([](Peer& peer) {
    peer.Send("x");
    peer.AwaitEnd();
  });
  ASSERT_TRUE(Connect(server.port()).ok());
  ASSERT_TRUE(connection_.Read(&bytes_, 1, In(kLate)).ok());
  ASSERT_TRUE(connection_.Write("y", In(kLate)).ok());
  EXPECT_EQ(connection_.Read(&bytes_, 1, In(kSoon)).failure, v1::TIMED_OUT);
  connection_.Close();
  EXPECT_EQ(record_.end(), v1::SILENCE);
}

TEST_F(ConnectionTest, APeerThatDoesNotReadBlocksAWriteUntilItsDeadline) {
  ScriptedServer server([](Peer& peer) { peer.Pause(30'000); });
  ASSERT_TRUE(Connect(server.port()).ok());
  const std::string much(16 << 20, 'x');
  const IoResult result = connection_.Write(much, In(kSoon));
  EXPECT_EQ(result.failure, v1::TIMED_OUT);
  EXPECT_GT(result.bytes, 0U);
  EXPECT_EQ(record_.bytes_out(), result.bytes);
  connection_.Close();
  EXPECT_EQ(record_.end(), v1::SILENCE);
  EXPECT_GT(record_.at_end().snd_mss(), 0U);
}

TEST_F(ConnectionTest, AWriteAfterAResetSaysSo) {
  std::promise<void> reset;
  ScriptedServer server([&](Peer& peer) {
    peer.Rst();
    reset.set_value();
  });
  ASSERT_TRUE(Connect(server.port()).ok());
  reset.get_future().wait();
  const IoResult result = connection_.Write("late", In(kLate));
  EXPECT_EQ(result.failure, v1::RESET_BEFORE_FIRST_BYTE);
  EXPECT_EQ(record_.end(), v1::RST_BY_PEER);
}

TEST_F(ConnectionTest, OutOfDescriptorsIsOurOwnTrouble) {
  {  // UBSan looks at an object of each type once, and needs descriptors for it
    const ClosedPort port;
    v1::Connection record;
    Connection(SystemClock(), cancel_, 0, &record).Connect("127.0.0.1", port.port(), In(kLate));
  }
  const int64_t deadline_ns = In(kLate);
  rlimit saved{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &saved), 0);
  const int highest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);  // the lowest number that is free
  ASSERT_GE(highest, 0);
  close(highest);
  const rlimit none = {static_cast<rlim_t>(highest), saved.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const IoResult result = connection_.Connect("127.0.0.1", 9, deadline_ns);
  setrlimit(RLIMIT_NOFILE, &saved);
  EXPECT_EQ(result.failure, v1::LOCAL_RESOURCE);
  EXPECT_EQ(result.os_error, EMFILE);
}

TEST_F(ConnectionTest, WithoutADescriptorForCancellationItIsStillSeen) {
  rlimit saved{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &saved), 0);
  const rlimit none = {0, saved.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  CancelToken blind;
  setrlimit(RLIMIT_NOFILE, &saved);
  ASSERT_EQ(blind.fd(), -1);
  std::promise<void> reading;
  ScriptedServer server([&](Peer& peer) {
    reading.set_value();
    peer.AwaitEnd();
  });
  v1::Connection record;
  Connection connection(SystemClock(), blind, 0, &record);
  ASSERT_TRUE(connection.Connect("127.0.0.1", server.port(), In(kLate)).ok());
  std::thread canceller([&] {
    reading.get_future().wait();
    blind.Cancel();
  });
  EXPECT_EQ(connection.Read(&bytes_, 10, In(kLate)).failure, v1::CANCELLED);
  canceller.join();
}

TEST_F(ConnectionTest, AClosedConnectionSaysSo) {
  EXPECT_EQ(connection_.Write("x", In(kLate)).failure, v1::LOCAL_RESOURCE);
  EXPECT_EQ(connection_.Read(&bytes_, 1, In(kLate)).failure, v1::LOCAL_RESOURCE);
  EXPECT_EQ(connection_.Write("", In(kLate)).failure, v1::NONE) << "nothing to send is nothing to fail";
  connection_.Close();
  connection_.Close();
}

TEST_F(ConnectionTest, NoDescriptorIsLeftBehind) {
  ScriptedServer server([](Peer& peer) { peer.Fin(); });
  const ClosedPort closed;
  const auto lowest_free = [] {
    const int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    close(fd);
    return fd;
  };
  v1::Connection record;
  const auto once = [&](uint16_t port) {
    Connection connection(SystemClock(), cancel_, 0, &record);
    if (connection.Connect("127.0.0.1", port, In(kLate)).ok()) connection.Read(&bytes_, 1, In(kLate));
  };
  once(closed.port());
  const int before = lowest_free();
  for (int i = 0; i < 50; ++i) once(closed.port());
  EXPECT_EQ(lowest_free(), before);
}

TEST(HostPort, JoinsAndSplits) {
  EXPECT_EQ(JoinHostPort("10.0.4.172", 5432), "10.0.4.172:5432");
  EXPECT_EQ(JoinHostPort("fd00::1", 53), "[fd00::1]:53");
  std::string address;
  uint16_t port = 0;
  EXPECT_TRUE(SplitHostPort("[fd00::1]:53", &address, &port));
  EXPECT_EQ(address, "fd00::1");
  EXPECT_EQ(port, 53);
  for (const char* bad : {"", ":", "a", "a:", ":1", "a:65536", "a:-1", "a:1x", "[]:1"}) {
    EXPECT_FALSE(SplitHostPort(bad, &address, &port)) << bad;
  }
}

TEST(InterfaceOfAddress, NamesTheOwner) {
  EXPECT_EQ(InterfaceOfAddress("127.0.0.1"), "lo");
  EXPECT_EQ(InterfaceOfAddress("192.0.2.1"), "") << "of documentation, nobody's";
  EXPECT_EQ(InterfaceOfAddress("2001:db8::1"), "");
  EXPECT_EQ(InterfaceOfAddress(""), "");
}

TEST(NumericAddress, IsWhatInetPtonTakes) {
  for (const char* good : {"127.0.0.1", "::1", "fd00:ec2::254", "::ffff:10.0.0.1"}) EXPECT_TRUE(IsNumericAddress(good));
  for (const char* bad : {"", "db", "127.1", "1.2.3.4.5", "[::1]", "10.0.0.1 "}) EXPECT_FALSE(IsNumericAddress(bad));
}

TEST(HasRoute, IsFalseWhereTheKernelKnowsNoWay) {
  InOwnNamespace([] {
    EXPECT_TRUE(HasRoute("127.0.0.1"));
    EXPECT_TRUE(HasRoute("::1"));
    EXPECT_FALSE(HasRoute("192.0.2.1"));
    EXPECT_FALSE(HasRoute("2001:db8::1"));
    Shell("ip route add 192.0.2.0/24 dev lo");
    EXPECT_TRUE(HasRoute("192.0.2.1"));
    EXPECT_TRUE(HasRoute("no address")) << "it cannot be told";
  });
}

}  // namespace
}  // namespace parallax::net
