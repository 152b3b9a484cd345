#include "agent/host/processes.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/host/linux/proc_files.h"
#include "agent/net/clock.h"
#include "agent/net/linux/child_for_test.h"
#include "agent/net/linux/own_namespace_for_test.h"

namespace parallax::host {
namespace {

int64_t Soon() { return net::SystemClock().MonotonicNs() + 5000 * net::kMs; }

TEST(ProcStat, SurvivesNamesWithParentheses) {
  ProcStat stat;
  ASSERT_TRUE(ParseProcStat("42 (a) b (c) T 7 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 99 1\n", &stat));
  EXPECT_EQ(stat.name, "a) b (c");
  EXPECT_EQ(StateWord(stat.state), "stopped");
  EXPECT_EQ(stat.parent, 7);
  EXPECT_EQ(stat.start_ticks, 12345u);
  for (const char* bad : {"", "42 (x", "42 (x) S", "42 (x) S a 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345"}) {
    EXPECT_FALSE(ParseProcStat(bad, &stat)) << bad;
  }
}

TEST(Privilege, IsRootOrBothCapabilities) {
  EXPECT_TRUE(IsPrivileged("Name:\tx\nUid:\t1000\t0\t0\t0\n"));
  EXPECT_FALSE(IsPrivileged("Uid:\t0\t1000\t0\t0\nCapEff:\t0000000000000000\n"));
  EXPECT_TRUE(IsPrivileged("Uid:\t1000\t1000\t0\t0\nCapEff:\t0000000000081000\n"));
  EXPECT_FALSE(IsPrivileged("Uid:\t1000\t1000\t0\t0\nCapEff:\t0000000000001000\n"));
  EXPECT_FALSE(IsPrivileged(""));
}

TEST(ProcessTable, KnowsTheOwnerOfASocketItsStateAndItsFamily) {
  net::InOwnNamespace([] {
    const net::Child child([](int fd) {
      uint16_t port = 0;
      const int listener = net::Listen("127.0.0.1", &port);
      const net::Child grandchild([](int) { pause(); });
      struct stat entry {};
      fstat(listener, &entry);
      const uint64_t numbers[2] = {entry.st_ino, static_cast<uint64_t>(grandchild.pid())};
      [[maybe_unused]] const ssize_t written = write(fd, numbers, sizeof(numbers));
      pause();
    });
    uint64_t numbers[2] = {0, 0};
    ASSERT_EQ(read(child.fd(), numbers, sizeof(numbers)), static_cast<ssize_t>(sizeof(numbers)));
    child.Freeze();
    const ProcessTable table = ProcessTable::Read(Soon());
    const Process* owner = table.OwnerOfSocket(numbers[0]);
    ASSERT_NE(owner, nullptr);
    EXPECT_EQ(owner->pid, child.pid());  // the grandchild holds it too, but did not make it
    EXPECT_EQ(owner->state, "stopped");
    EXPECT_GE(owner->age_ns, 0);
    EXPECT_LT(owner->age_ns, int64_t{60'000} * net::kMs);
    const auto tree = table.Tree(child.pid());
    ASSERT_EQ(tree.size(), 2u);
    EXPECT_EQ(tree[1]->pid, static_cast<int32_t>(numbers[1]));
    EXPECT_EQ(table.OwnerOfSocket(0), nullptr);
  });
}

TEST(ProcessTable, LeavesOutProcessesOfOtherNamespaces) {
  net::InOwnNamespace([] {
    const net::Child elsewhere([](int fd) {
      if (unshare(CLONE_NEWNET) != 0) return;
      [[maybe_unused]] const ssize_t written = write(fd, "x", 1);
      pause();
    });
    elsewhere.AwaitReady();
    const ProcessTable table = ProcessTable::Read(Soon());
    EXPECT_EQ(table.Find(elsewhere.pid()), nullptr);
    EXPECT_NE(table.Find(getpid()), nullptr);
  });
}

TEST(ProcessTable, SaysWhenItMayNotLook) {
  net::InOwnNamespace([] {
    const net::Child roots([](int fd) {
      [[maybe_unused]] const ssize_t written = write(fd, "x", 1);
      pause();
    });
    roots.AwaitReady();
    ASSERT_EQ(seteuid(65534), 0);
    const ProcessTable table = ProcessTable::Read(Soon());
    ASSERT_EQ(seteuid(0), 0);
    EXPECT_FALSE(table.complete());
    EXPECT_NE(table.why_incomplete().find("65534"), std::string::npos);
  });
}

TEST(ProcessTable, WithoutProcIsBlindAndWithAnEmptyOneToo) {
  net::InOwnNamespace([] {
    EXPECT_FALSE(ProcessTable::Read(Soon()).blind());
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    net::Shell("mount --make-rprivate / && mount -t tmpfs none /proc");
    const ProcessTable table = ProcessTable::Read(Soon());
    EXPECT_TRUE(table.blind());
    EXPECT_FALSE(table.complete());
    EXPECT_NE(table.why_incomplete().find("/proc"), std::string::npos);
  });
}

TEST(ProcessTable, ThatIsShownOnlyItsOwnUsersProcessesSaysSo) {
  net::InOwnNamespace([] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    net::Shell("mount --make-rprivate / && mount -t proc -o hidepid=2 proc /proc");
    // Group 0 is spared by hidepid where the mount names no other.
    ASSERT_EQ(setgroups(0, nullptr), 0);
    ASSERT_EQ(setegid(65534), 0);
    ASSERT_EQ(seteuid(65534), 0);
    const ProcessTable table = ProcessTable::Read(Soon());
    ASSERT_EQ(seteuid(0), 0);
    EXPECT_FALSE(table.blind());
    EXPECT_FALSE(table.complete());
    EXPECT_NE(table.why_incomplete().find("hidepid"), std::string::npos) << table.why_incomplete();
  });
}

}  // namespace
}  // namespace parallax::host
