// Tunnels made of this test's own processes, in namespaces of their own: the laptop is the test's, the bastion another.
#include "agent/probes/tunnel/tunnel_probe.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cstring>

#include "agent/net/linux/child_for_test.h"
#include "agent/net/linux/own_namespace_for_test.h"
#include "agent/probes/run_for_test.h"

namespace parallax::probes {
namespace {

using net::Child;
using net::Connect;
using net::InOwnNamespace;
using net::Listen;
using net::Shell;
using testing::AnyOf;
using testing::HasSubstr;

constexpr char kBastion[] = "198.51.100.24";

void Ready(int fd) { ASSERT_EQ(write(fd, "x", 1), 1); }

// 192.0.2.10 on a veth, everything else by 192.0.2.1; nobody is there: silence. A TUN route to 10.0.4.0/22.
void MakeLaptop() {
  Shell("ip link add near type veth peer name far && ip addr add 192.0.2.10/24 dev near && ip link set near up");
  Shell("ip link set far up && ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev near");
  Shell("ip route add default via 192.0.2.1");
}

// A namespace at the far end of the veth, with the bastion's address, in which `serve` runs.
class Bastion {
 public:
  explicit Bastion(const std::function<void()>& serve)
      : child_([serve](int fd) {
          if (unshare(CLONE_NEWNET) != 0) return;
          Ready(fd);
          char byte = 0;
          if (read(fd, &byte, 1) != 1) return;  // the veth is here now
          Shell("ip link set lo up && ip addr add 192.0.2.1/24 dev far && ip addr add 198.51.100.24/32 dev lo");
          Shell("ip link set far up");
          uint16_t port = 22;
          listener = Listen(kBastion, &port);
          Ready(fd);
          serve();
        }) {
    child_.AwaitReady();
    Shell("ip link set far netns " + std::to_string(child_.pid()) + " && ip neigh flush dev near nud permanent");
    child_.Tell();
    child_.AwaitReady();
  }
  static inline int listener = -1;  // in the child

 private:
  Child child_;
};

int OpenTun(const std::string& name, bool persistent) {
  const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  EXPECT_GE(fd, 0) << "/dev/net/tun";
  ifreq request{};
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  EXPECT_EQ(ioctl(fd, TUNSETIFF, &request), 0);
  EXPECT_EQ(ioctl(fd, TUNSETPERSIST, persistent ? 1 : 0), 0);
  Shell("ip addr add 172.16.0.1/32 dev " + name + " && ip link set " + name + " up && ip route add 10.0.4.0/22 dev " +
        name);
  return fd;
}

v1::ProbeSpec To(const std::string& address, uint32_t port = 5432) {
  v1::ProbeSpec spec;
  spec.mutable_tunnel()->mutable_destination()->set_host("db.example");
  spec.mutable_tunnel()->mutable_destination()->set_address(address);
  spec.mutable_tunnel()->mutable_destination()->set_port(port);
  return spec;
}

RunOptions Quick() {
  RunOptions options;
  options.step_timeout_ms = 1500;
  return options;
}

const v1::Step* Find(const v1::Observation& observation, v1::StepKind kind) {
  for (const v1::Step& step : observation.steps()) {
    if (step.kind() == kind) return &step;
  }
  return nullptr;
}

TEST(TunnelProbe, FindsTheProcessOfATunAndItsUnansweredCarrier) {
  InOwnNamespace([] {
    MakeLaptop();
    const Child tunnel([](int fd) {
      OpenTun("tunnel0", false);
      Connect(kBastion, 22, /*wait=*/false);
      Ready(fd);
      pause();
    });
    tunnel.AwaitReady();
    const v1::Observation observation = RunProbe(kTunnelProbe, To("10.0.4.172"), Quick());
    ASSERT_EQ(observation.steps_size(), 2);
    const v1::CarrierDetails& carrier = observation.steps(0).carrier();
    EXPECT_EQ(observation.steps(0).kind(), v1::CARRIER_FOUND);
    EXPECT_EQ(observation.steps(0).failure(), v1::NONE);
    EXPECT_EQ(carrier.kind(), v1::TUN);
    EXPECT_EQ(carrier.interface(), "tunnel0");
    EXPECT_EQ(carrier.holder().pid(), tunnel.pid());
    EXPECT_TRUE(carrier.holder_looked_for());
    EXPECT_FALSE(carrier.not_permitted());
    EXPECT_TRUE(carrier.interface_carrier());
    ASSERT_EQ(carrier.connections_size(), 1);
    EXPECT_EQ(carrier.connections(0).remote_address(), "198.51.100.24:22");
    EXPECT_EQ(carrier.connections(0).tcp_state(), v1::TCP_STATE_SYN_SENT);
    EXPECT_GE(carrier.connections(0).age_ns(), 0);
    EXPECT_TRUE(carrier.connections(0).certain());
    EXPECT_THAT(carrier.summary(), HasSubstr("-> 198.51.100.24:22, SYN-SENT for "));
    const v1::Step& banner = observation.steps(1);
    EXPECT_EQ(banner.kind(), v1::BANNER);
    EXPECT_EQ(banner.failure(), v1::TIMED_OUT);
    EXPECT_EQ(banner.banner().attempts(), 1u);  // silence is paid for once
    EXPECT_EQ(banner.banner().failures_size(), 1);
    EXPECT_LT(banner.duration_ns(), 3000 * net::kMs);
    EXPECT_EQ(observation.outcome(), v1::TIMED_OUT);
  });
}

TEST(TunnelProbe, HearsBannerAndHostKeyOfTheBastionOfALiveTunnel) {
  ASSERT_EQ(access("/usr/sbin/sshd", X_OK), 0) << "openssh-server is needed";
  InOwnNamespace([] {
    MakeLaptop();
    mkdir("/run/sshd", 0755);
    char folder[] = "/tmp/parallax-tunnel-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    const std::string key = std::string(folder) + "/key";
    Shell("ssh-keygen -q -N '' -t ed25519 -f " + key);
    const Bastion bastion([&] { net::ServeSshd(Bastion::listener, key); });
    const Child tunnel([](int fd) {
      OpenTun("tunnel0", false);
      Connect(kBastion, 22);
      Ready(fd);
      pause();
    });
    tunnel.AwaitReady();
    v1::ProbeSpec spec = To("10.0.4.172");
    spec.mutable_tunnel()->set_banner_attempts(3);
    const v1::Observation observation = RunProbe(kTunnelProbe, spec);
    const v1::Step* found = Find(observation, v1::CARRIER_FOUND);
    ASSERT_NE(found, nullptr);
    EXPECT_THAT(found->carrier().summary(), HasSubstr("-> 198.51.100.24:22, established, last heard "));
    const v1::Step* banner = Find(observation, v1::BANNER);
    ASSERT_NE(banner, nullptr);
    EXPECT_EQ(banner->failure(), v1::NONE);
    EXPECT_EQ(banner->banner().answered(), 3u);
    EXPECT_EQ(banner->banner().connect_ns_size(), 3);
    EXPECT_EQ(banner->banner().first_byte_ns_size(), 3);
    EXPECT_EQ(banner->banner().failures_size(), 3);
    EXPECT_THAT(banner->banner().banner(), HasSubstr("SSH-2.0-OpenSSH"));
    EXPECT_EQ(banner->banner().host_key_type(), "ssh-ed25519");
    Shell("ssh-keygen -lf " + key + ".pub | grep -qF '" + banner->banner().host_key_sha256() + "'");
    Shell("rm -r " + std::string(folder));
    EXPECT_EQ(observation.outcome(), v1::NONE);
  });
}

TEST(TunnelProbe, TellsAProcessThatIsGoneFromOneThatIsFrozen) {
  InOwnNamespace([] {
    MakeLaptop();
    Child tunnel([](int fd) {
      OpenTun("tunnel0", true);
      Ready(fd);
      pause();
    });
    tunnel.AwaitReady();
    tunnel.Freeze();
    v1::Observation observation = RunProbe(kTunnelProbe, To("10.0.4.172"), Quick());
    EXPECT_EQ(observation.steps(0).carrier().holder().process_state(), v1::PROCESS_STATE_STOPPED);
    EXPECT_THAT(observation.steps(0).carrier().summary(), HasSubstr(", stopped): no connection to a bastion"));
    EXPECT_EQ(Find(observation, v1::BANNER), nullptr);
    tunnel.End();
    observation = RunProbe(kTunnelProbe, To("10.0.4.172"), Quick());
    const v1::CarrierDetails& carrier = observation.steps(0).carrier();
    EXPECT_EQ(carrier.kind(), v1::TUN);
    EXPECT_TRUE(carrier.holder_looked_for());
    EXPECT_FALSE(carrier.has_holder());
    EXPECT_FALSE(carrier.interface_carrier());
    EXPECT_EQ(carrier.summary(), "interface tunnel0: its process is gone");
  });
}

TEST(TunnelProbe, WithoutPrivilegeSaysWhatIsLikelyAndThatItCouldNotLook) {
  InOwnNamespace([] {
    MakeLaptop();
    const Child tunnel([](int fd) {
      OpenTun("tunnel0", false);
      Connect(kBastion, 22, /*wait=*/false);
      Ready(fd);
      pause();
    });
    tunnel.AwaitReady();
    ASSERT_EQ(seteuid(65534), 0);
    const v1::Observation observation = RunProbe(kTunnelProbe, To("10.0.4.172"), Quick());
    ASSERT_EQ(seteuid(0), 0);
    const v1::CarrierDetails& carrier = observation.steps(0).carrier();
    EXPECT_EQ(carrier.kind(), v1::TUN);
    EXPECT_FALSE(carrier.has_holder());
    EXPECT_FALSE(carrier.holder_looked_for());
    EXPECT_TRUE(carrier.not_permitted());
    EXPECT_THAT(carrier.not_permitted_why(), HasSubstr("uid 65534"));
    ASSERT_EQ(carrier.connections_size(), 1);
    EXPECT_EQ(carrier.connections(0).remote_address(), "198.51.100.24:22");
    EXPECT_FALSE(carrier.connections(0).certain());
    EXPECT_FALSE(carrier.connections(0).has_owner());
    EXPECT_THAT(carrier.connections(0).why(), HasSubstr("by uid 0"));
    ASSERT_NE(Find(observation, v1::BANNER), nullptr);
    EXPECT_EQ(Find(observation, v1::BANNER)->failure(), v1::TIMED_OUT);
  });
}

// SOCKS5 on 127.0.0.1:1080: what it does with a CONNECT depends on the last byte of the address.
[[noreturn]] void ServeSocks(int listener) {
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fork() != 0) {
      close(fd);
      continue;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(30);
    char bytes[64];
    if (recv(fd, bytes, 3, MSG_WAITALL) != 3 || bytes[0] != 5) _exit(0);
    send(fd, "\5\0", 2, MSG_NOSIGNAL);
    if (recv(fd, bytes, 10, MSG_WAITALL) != 10) _exit(0);
    const int last = static_cast<unsigned char>(bytes[7]);
    if (last == 6) _exit(0);  // closed without a reply
    if (last == 7) pause();   // dropped
    const char reply = last == 5 ? 5 : 0;
    const char answer[10] = {5, reply, 0, 1, 0, 0, 0, 0, 0, 0};
    send(fd, answer, sizeof(answer), MSG_NOSIGNAL);
    if (last == 22) send(fd, "SSH-2.0-x\r\n", 11, MSG_NOSIGNAL);
    pause();
  }
}

TEST(TunnelProbe, FollowsARedirectorToItsProxyAndSpeaksToTheProxyDirectly) {
  InOwnNamespace([] {
    MakeLaptop();
    const Child proxy([](int fd) {
      uint16_t port = 1080;
      const int listener = Listen("127.0.0.1", &port);
      Connect(kBastion, 22, /*wait=*/false);
      Ready(fd);
      ServeSocks(listener);
    });
    proxy.AwaitReady();
    const Child redirector([](int fd) {
      uint16_t port = 12345;
      const int listener = Listen("127.0.0.1", &port);
      Ready(fd);
      for (;;) {
        accept(listener, nullptr, nullptr);
        Connect("127.0.0.1", 1080);
      }
    });
    redirector.AwaitReady();
    Shell(
        "nft 'add table ip t; add chain ip t o { type nat hook output priority -100; }; "
        "add rule ip t o ip daddr 10.0.4.0/22 meta l4proto tcp redirect to :12345'");
    v1::ProbeSpec spec = To("10.0.4.172");
    *spec.mutable_tunnel()->add_socks_destinations() = spec.tunnel().destination();  // is asked once all the same
    spec.mutable_tunnel()->add_socks_negative(false);
    for (const char* address : {"10.0.4.5", "10.0.4.6", "10.0.4.7", "10.0.3.22"}) {
      v1::Endpoint* endpoint = spec.mutable_tunnel()->add_socks_destinations();
      endpoint->set_address(address);
      endpoint->set_port(std::string(address) == "10.0.3.22" ? 22 : 5432);
      spec.mutable_tunnel()->add_socks_negative(std::string(address) == "10.0.4.5");
    }
    const v1::Observation observation = RunProbe(kTunnelProbe, spec, Quick());
    const v1::CarrierDetails& carrier = observation.steps(0).carrier();
    EXPECT_EQ(carrier.kind(), v1::REDIRECTOR);
    EXPECT_EQ(carrier.redirected_to(), "127.0.0.1:12345");
    EXPECT_EQ(carrier.holder().pid(), redirector.pid());
    ASSERT_EQ(carrier.connections_size(), 1) << carrier.summary();
    EXPECT_EQ(carrier.connections(0).owner().pid(), proxy.pid());
    EXPECT_THAT(carrier.summary(), HasSubstr("(pid " + std::to_string(redirector.pid()) + ") -> "));
    EXPECT_THAT(carrier.summary(),
                HasSubstr("(pid " + std::to_string(proxy.pid()) + ") -> 198.51.100.24:22, SYN-SENT"));
    ASSERT_EQ(carrier.socks_size(), 1);
    EXPECT_EQ(carrier.socks(0).address(), "127.0.0.1:1080");
    EXPECT_EQ(carrier.socks(0).owner().pid(), proxy.pid());
    ASSERT_EQ(observation.steps_size(), 7);
    const auto socks = [&](int i) -> const v1::Step& { return observation.steps(2 + i); };
    EXPECT_EQ(socks(0).failure(), v1::NONE);
    EXPECT_TRUE(socks(0).socks().replied());
    EXPECT_FALSE(socks(0).socks().negative_control() || socks(0).socks().positive_control());
    EXPECT_EQ(socks(1).failure(), v1::REFUSED);
    EXPECT_EQ(socks(1).socks().reply(), 5u);
    EXPECT_TRUE(socks(1).socks().negative_control());
    EXPECT_EQ(socks(2).failure(), v1::CLOSED_BEFORE_FIRST_BYTE);
    EXPECT_TRUE(socks(2).socks().greeted());
    EXPECT_FALSE(socks(2).socks().replied());
    EXPECT_TRUE(socks(2).socks().positive_control());
    EXPECT_EQ(socks(3).failure(), v1::TIMED_OUT);
    EXPECT_EQ(socks(4).failure(), v1::NONE);
    EXPECT_EQ(socks(4).socks().bytes_in_after(), 11u);
    EXPECT_EQ(socks(4).socks().first_byte(), static_cast<unsigned>('S'));
    EXPECT_LT(observation.steps(6).start_ns(), observation.steps(2).start_ns() + 500 * net::kMs) << "not one by one";
  });
}

TEST(TunnelProbe, KnowsAPortForwardByItsListenerAndSaysWhenNothingListens) {
  InOwnNamespace([] {
    MakeLaptop();
    Child forward([](int fd) {
      uint16_t port = 15432;
      Listen("127.0.0.1", &port);
      Connect(kBastion, 22, /*wait=*/false);
      Ready(fd);
      pause();
    });
    forward.AwaitReady();
    RunOptions options = Quick();
    options.connect_to.emplace_back();
    options.connect_to[0].set_host("db.example");
    options.connect_to[0].set_port(5432);
    options.connect_to[0].set_to_host("127.0.0.1");
    options.connect_to[0].set_to_port(15432);
    v1::Observation observation = RunProbe(kTunnelProbe, To("10.0.4.172"), options);
    EXPECT_TRUE(observation.via_connect_to());
    EXPECT_EQ(observation.steps(0).carrier().kind(), v1::PORT_FORWARD);
    EXPECT_EQ(observation.steps(0).carrier().holder().pid(), forward.pid());
    ASSERT_EQ(observation.steps(0).carrier().connections_size(), 1);
    EXPECT_EQ(observation.steps(0).carrier().socks_size(), 0);
    forward.End();
    observation = RunProbe(kTunnelProbe, To("10.0.4.172"), options);
    EXPECT_FALSE(observation.steps(0).carrier().has_holder());
    EXPECT_TRUE(observation.steps(0).carrier().holder_looked_for());
    EXPECT_THAT(observation.steps(0).carrier().summary(), HasSubstr("nothing listens"));
  });
}

TEST(TunnelProbe, CallsAPlainRouteDirectAndAsksNobodyForABanner) {
  InOwnNamespace([] {
    MakeLaptop();
    const v1::Observation observation = RunProbe(kTunnelProbe, To("203.0.113.9"), Quick());
    ASSERT_EQ(observation.steps_size(), 1);
    EXPECT_EQ(observation.steps(0).carrier().kind(), v1::DIRECT);
    EXPECT_EQ(observation.steps(0).carrier().summary(), "direct, by interface near");
    EXPECT_EQ(observation.outcome(), v1::NONE);
  });
}

TEST(TunnelProbe, WithoutProcAPlainRouteIsNotCalledDirect) {
  InOwnNamespace([] {
    MakeLaptop();
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    Shell("mount --make-rprivate / && mount -t tmpfs none /proc");
    const v1::Observation observation = RunProbe(kTunnelProbe, To("203.0.113.9"), Quick());
    ASSERT_EQ(observation.steps_size(), 1);
    const v1::CarrierDetails& carrier = observation.steps(0).carrier();
    EXPECT_EQ(carrier.kind(), v1::CARRIER_UNKNOWN);
    EXPECT_TRUE(carrier.routed_direct());
    EXPECT_TRUE(carrier.not_permitted());
    EXPECT_FALSE(carrier.holder_looked_for());
    EXPECT_THAT(carrier.not_permitted_why(), HasSubstr("/proc"));
    EXPECT_THAT(carrier.summary(), HasSubstr("interface near"));
    EXPECT_EQ(observation.outcome(), v1::NONE);
  });
}

TEST(TunnelProbe, WithoutAnyRouteTheCarrierIsUnknown) {
  InOwnNamespace([] {
    const v1::Observation observation = RunProbe(kTunnelProbe, To("203.0.113.9"), Quick());
    ASSERT_EQ(observation.steps_size(), 1);
    EXPECT_EQ(observation.steps(0).carrier().kind(), v1::CARRIER_UNKNOWN);
    EXPECT_EQ(observation.outcome(), v1::NO_ROUTE);
  });
}

TEST(TunnelProbe, NeverDialsAMetadataService) {
  const v1::Observation observation = RunProbe(kTunnelProbe, To("169.254.169.254", 80), Quick());
  ASSERT_EQ(observation.steps_size(), 1);
  EXPECT_EQ(observation.steps(0).kind(), v1::CONNECT);
  EXPECT_EQ(observation.outcome(), v1::DENIED_BY_POLICY);
}

}  // namespace
}  // namespace parallax::probes
