#include "agent/host/host_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "agent/host/host_facts.h"
#include "agent/net/linux/own_namespace_for_test.h"

namespace parallax::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ResolvConf, GivesServersInOrderAndTheLastSearch) {
  const ResolverConfig config = ParseResolvConf(
      "# made by hand\nnameserver 10.0.0.2\r\ndomain old.example\nnameserver\tfd00::2\nnameserver nonsense\n"
      "search a.example b.example\noptions ndots:5\n");
  EXPECT_THAT(config.addresses, ElementsAre("10.0.0.2", "fd00::2"));
  EXPECT_THAT(config.search, ElementsAre("a.example", "b.example"));
  EXPECT_THAT(ParseResolvConf("").addresses, IsEmpty());
}

TEST(SshHostKeys, AreThoseThatSshKeygenPrints) {
  char folder[] = "/tmp/parallax-keys-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string base = std::string(folder) + "/ssh_host_";
  for (const char* type : {"ed25519", "ecdsa", "rsa"}) {
    net::Shell("ssh-keygen -q -N '' -C host -t " + std::string(type) + " -f " + base + type + "_key");
  }
  std::ofstream(base + "broken_key.pub") << "ssh-rsa AAAAnonsense\n";
  std::ofstream(base + "empty_key.pub") << "";
  const std::vector<std::string> keys = ReadSshHostKeys(folder);
  EXPECT_EQ(keys.size(), 3u);
  for (const std::string& key : keys) {
    const std::string sha = key.substr(key.find(' ') + 1);
    net::Shell("for f in " + std::string(folder) + "/*_key.pub; do ssh-keygen -lf $f 2>/dev/null; done | grep -qF '" +
               sha + "'");
  }
  net::Shell("rm -r " + std::string(folder));
  EXPECT_THAT(ReadSshHostKeys(folder), IsEmpty());
}

TEST(HostFacts, DescribeTheNamespaceTheyAreReadIn) {
  net::InOwnNamespace([] {
    net::Shell("ip link add near type veth peer name far && ip addr add 192.0.2.10/24 dev near && ip link set near up");
    net::Shell("ip link set far up && ip route add default via 192.0.2.1 metric 7");
    const v1::HostFacts facts = ReadHostFacts();
    EXPECT_FALSE(facts.hostname().empty());
    EXPECT_EQ(facts.os().rfind("Linux ", 0), 0u);
    EXPECT_TRUE(facts.privileged());
    EXPECT_FALSE(facts.network_namespace().empty());
    ASSERT_GE(facts.interfaces_size(), 3);
    bool seen = false;
    for (const v1::Interface& one : facts.interfaces()) {
      if (one.name() != "near") continue;
      seen = true;
      EXPECT_EQ(one.link_kind(), v1::LINK_KIND_VETH);
      EXPECT_TRUE(one.up());
      EXPECT_TRUE(one.carrier());
      EXPECT_EQ(one.mtu(), 1500u);
      ASSERT_GE(one.addresses_size(), 1);
      EXPECT_EQ(one.addresses(0), "192.0.2.10/24");
    }
    EXPECT_TRUE(seen);
    ASSERT_GE(facts.routes_size(), 2);
    EXPECT_EQ(facts.routes(0).prefix(), "default");
    EXPECT_EQ(facts.routes(0).interface(), "near");
    EXPECT_EQ(facts.routes(0).gateway(), "192.0.2.1");
    EXPECT_EQ(facts.routes(0).metric(), 7u);
  });
}

}  // namespace
}  // namespace parallax::host
