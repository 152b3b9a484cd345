#include "agent/net/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "agent/net/linux/own_namespace_for_test.h"
#include "tests/support/tls_identity.h"

namespace parallax::net {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

int64_t In(int64_t ms) { return SystemClock().MonotonicNs() + ms * kMs; }

TEST(Resolve, ANumericNameIsItsOwnAnswer) {
  const CancelToken cancel;
  EXPECT_THAT(ResolveName("10.0.4.172", SystemClock(), cancel, In(5'000)).addresses, ElementsAre("10.0.4.172"));
  EXPECT_THAT(ResolveName("fd00::1", SystemClock(), cancel, In(5'000)).addresses, ElementsAre("fd00::1"));
}

// In a child as those below: the thread that asks may be on its way out when the next test forks.
TEST(Resolve, AsksTheHostsFile) {
  InOwnNamespace([] {
    const CancelToken cancel;
    const Resolved answer = ResolveName("localhost", SystemClock(), cancel, In(5'000));
    EXPECT_EQ(answer.failure, v1::NONE) << answer.error;
    EXPECT_THAT(answer.addresses, Contains("127.0.0.1"));
  });
}

TEST(Resolve, NamesThatCannotBeAreNotFound) {
  const CancelToken cancel;
  const Resolved tedious = ResolveName(std::string(10'000, 'a'), SystemClock(), cancel, In(5'000));
  EXPECT_EQ(tedious.failure, v1::NAME_NOT_FOUND);
  EXPECT_THAT(tedious.error, HasSubstr("253"));
  EXPECT_EQ(ResolveName("", SystemClock(), cancel, In(5'000)).failure, v1::NAME_NOT_FOUND);
}

// A resolver at 127.0.0.1:53 that never answers, and the whole host asks it. In a child, since resolv.conf is mounted
// over.
class SilentResolver {
 public:
  SilentResolver() {
    EXPECT_EQ(unshare(CLONE_NEWNS), 0);
    Shell("mount --make-rprivate /");
    Shell("mount --bind " + resolv_.path() + " /etc/resolv.conf");
    Shell("mount --bind " + nsswitch_.path() + " /etc/nsswitch.conf");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~SilentResolver() { close(fd_); }
  void AwaitQuestion() const {
    char byte = 0;
    EXPECT_GT(recv(fd_, &byte, 1, 0), 0);
  }

 private:
  const support::TempFile resolv_{"nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"};
  const support::TempFile nsswitch_{"hosts: dns\n"};
  const int fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST(Resolve, AResolverThatIsSilentIsLeftBehindAtTheDeadline) {
  InOwnNamespace([] {
    const SilentResolver resolver;
    const CancelToken cancel;
    const Resolved answer = ResolveName("db.test", SystemClock(), cancel, In(100));
    EXPECT_EQ(answer.failure, v1::TIMED_OUT);
    EXPECT_THAT(answer.addresses, IsEmpty());
    EXPECT_THAT(answer.error, HasSubstr("in time"));
  });
}

TEST(Resolve, CancellationWakesIt) {
  InOwnNamespace([] {
    const SilentResolver resolver;
    CancelToken cancel;
    std::thread canceller([&] {
      resolver.AwaitQuestion();
      cancel.Cancel();
    });
    EXPECT_EQ(ResolveName("db.test", SystemClock(), cancel, In(60'000)).failure, v1::CANCELLED);
    canceller.join();
  });
}

TEST(Resolve, TheResolversOwnEndIsNoTimeoutOfOurs) {
  InOwnNamespace([] {
    const SilentResolver resolver;
    const CancelToken cancel;
    const Resolved answer = ResolveName("db.test", SystemClock(), cancel, In(60'000));
    EXPECT_EQ(answer.failure, v1::RESOLVER_FAILED) << answer.error;
  });
}

}  // namespace
}  // namespace parallax::net
