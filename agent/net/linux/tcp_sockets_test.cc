#include "agent/net/tcp_sockets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "agent/net/clock.h"
#include "agent/net/linux/child_for_test.h"
#include "agent/net/linux/own_namespace_for_test.h"
#include "agent/net/linux/syn_sent_age.h"

namespace parallax::net {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

std::vector<TcpSocket> All() {
  const auto sockets = ListTcpSockets(SystemClock().MonotonicNs() + 5 * kSecond);
  EXPECT_TRUE(sockets.ok()) << sockets.status();
  return sockets.ok() ? *sockets : std::vector<TcpSocket>{};
}

uint64_t InodeOf(int fd) {
  struct stat entry {};
  fstat(fd, &entry);
  return entry.st_ino;
}

TEST(TcpSockets, ListsListenersAndBothEndsOfAConnection) {
  InOwnNamespace([] {
    uint16_t port = 0;
    const int listener = Listen("127.0.0.1", &port);
    const int client = Connect("127.0.0.1", port);
    const int server = accept(listener, nullptr, nullptr);
    const std::vector<TcpSocket> all = All();
    ASSERT_EQ(all.size(), 3u);
    for (const auto& [fd, state] : {std::pair{listener, "listen"}, {client, "established"}, {server, "established"}}) {
      const auto found =
          std::find_if(all.begin(), all.end(), [&, f = fd](const TcpSocket& one) { return one.id == InodeOf(f); });
      ASSERT_NE(found, all.end());
      EXPECT_EQ(found->state, state);
      EXPECT_EQ(found->local_address, "127.0.0.1");
      EXPECT_EQ(found->local_port == port, fd != client);
      EXPECT_EQ(found->age_ns, -1);
    }
  });
}

TEST(TcpSockets, NeedsNoPrivilegeToSeeAnothersSynSent) {
  InOwnNamespace([] {
    Shell("ip link add near type veth peer name far && ip addr add 192.0.2.10/24 dev near && ip link set near up");
    Shell("ip link set far up && ip neigh add 192.0.2.24 lladdr 02:00:00:00:00:01 dev near");
    const int pending = Connect("192.0.2.24", 22, /*wait=*/false);
    ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
    const std::vector<TcpSocket> all = All();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].state, "syn-sent");
    EXPECT_EQ(all[0].remote_address, "192.0.2.24");
    EXPECT_EQ(all[0].remote_port, 22);
    EXPECT_EQ(all[0].id, InodeOf(pending));
    EXPECT_EQ(all[0].uid, 0u);
    EXPECT_GE(all[0].age_ns, 0);
    EXPECT_LT(all[0].age_ns, 60 * kSecond);
    EXPECT_EQ(all[0].last_received_ns, -1);
  });
}

TEST(SynSentAge, AddsUpTheTimeoutsThatHaveRung) {
  EXPECT_EQ(SynSentAge(0, kSecond, 0), 0);  // just sent
  EXPECT_EQ(SynSentAge(0, kSecond / 4, 0), kSecond * 3 / 4);
  EXPECT_EQ(SynSentAge(2, kSecond, 0), (1 + 2 + 4 - 1) * kSecond);
  EXPECT_EQ(SynSentAge(5, 22 * kSecond, 0), 41 * kSecond);  // 1+2+4+8+16+32
  EXPECT_EQ(SynSentAge(6, 8 * kSecond, 4), (1 + 4 + 2 + 4 - 8) * kSecond);
  EXPECT_EQ(SynSentAge(1000, 0, 0) > 0, true);
  EXPECT_EQ(SynSentAge(0, 99 * kSecond, 0), 0);  // never negative
}

}  // namespace
}  // namespace parallax::net
