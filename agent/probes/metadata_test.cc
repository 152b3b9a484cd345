// No probe reaches a metadata service, by whatever way it is led there. In a network namespace that owns the addresses,
// with a server at each: what the policy lets through arrives, and nothing of it leaves this host.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/net/linux/own_namespace_for_test.h"
#include "agent/probes/dns/dns_probe.h"
#include "agent/probes/http/http_probe.h"
#include "agent/probes/postgres/postgres_probe.h"
#include "agent/probes/sql/sql_probe.h"
#include "agent/probes/tcp/tcp_probe.h"
#include "agent/probes/tls/tls_probe.h"
#include "tests/support/probe_run.h"
#include "tests/support/scripted_server.h"

namespace parallax::probes {
namespace {

using support::Peer;
using support::ScriptedServer;
using support::Steps;
using ::testing::HasSubstr;

constexpr const char* kOwned[] = {"168.63.129.16", "169.254.169.254", "169.254.169.252", "169.254.0.23",
                                  "192.0.0.192",   "169.254.170.2",   "100.100.100.200"};
// 6to4, NAT64 by both prefixes, mapped to 168.63.129.16 and 169.254.169.254.
constexpr const char* kOwnedV6[] = {"2002:a83f:8110::1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a83f:8110", "fd00:ec2::254",
                                    "fd00:c1::a9fe:a9fe"};

// Listens on every address, of both families, and counts who connects. UDP at the same port.
class Everywhere {
 public:
  Everywhere()
      : tcp_(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0)), udp_(socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    socklen_t size = sizeof any;
    EXPECT_EQ(bind(tcp_, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
    EXPECT_EQ(listen(tcp_, 16), 0);
    EXPECT_EQ(getsockname(tcp_, reinterpret_cast<sockaddr*>(&any), &size), 0);
    port_ = ntohs(any.sin6_port);
    EXPECT_EQ(bind(udp_, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  }
  ~Everywhere() {
    close(tcp_);
    close(udp_);
  }
  Everywhere(const Everywhere&) = delete;
  Everywhere& operator=(const Everywhere&) = delete;
  uint16_t port() const { return port_; }
  // A connection or a datagram has come.
  bool Reached() const {
    pollfd fds[2] = {{tcp_, POLLIN, 0}, {udp_, POLLIN, 0}};
    return poll(fds, 2, 0) > 0;
  }

 private:
  const int tcp_;
  const int udp_;
  uint16_t port_ = 0;
};

void OwnAll() {
  for (const char* address : kOwned) net::Shell(absl::StrCat("ip addr add ", address, "/32 dev lo"));
  for (const char* address : kOwnedV6) net::Shell(absl::StrCat("ip -6 addr add ", address, "/128 dev lo nodad"));
}

v1::Endpoint At(const std::string& address, uint16_t port) {
  v1::Endpoint endpoint;
  endpoint.set_address(address);
  endpoint.set_port(port);
  return endpoint;
}

// One of each kind of probe that dials.
std::vector<std::pair<const Probe*, v1::ProbeSpec>> ProbesAt(const v1::Endpoint& endpoint) {
  std::vector<std::pair<const Probe*, v1::ProbeSpec>> probes;
  v1::ProbeSpec tcp;
  *tcp.mutable_tcp()->mutable_endpoint() = endpoint;
  probes.emplace_back(&kTcpProbe, tcp);
  v1::ProbeSpec tls;
  *tls.mutable_tls()->mutable_endpoint() = endpoint;
  probes.emplace_back(&kTlsProbe, tls);
  v1::ProbeSpec postgres;
  *postgres.mutable_postgres()->mutable_endpoint() = endpoint;
  postgres.mutable_postgres()->set_user("app");
  probes.emplace_back(&kPostgresProbe, postgres);
  v1::ProbeSpec sql;
  *sql.mutable_sql()->mutable_endpoint() = endpoint;
  sql.mutable_sql()->set_user("app");
  probes.emplace_back(&kSqlProbe, sql);
  v1::ProbeSpec http;
  *http.mutable_http()->mutable_endpoint() = endpoint;
  probes.emplace_back(&kHttpProbe, http);
  for (auto& [probe, spec] : probes) spec.set_name("it");
  return probes;
}

void ExpectDenied(const v1::Observation& seen, const std::string& how) {
  EXPECT_EQ(seen.outcome(), v1::DENIED_BY_POLICY) << how;
  EXPECT_THAT(Steps(seen), HasSubstr("denied_by_policy")) << how;
}

TEST(Metadata, NoProbeDialsOneHoweverItIsWritten) {
  net::InOwnNamespace([] {
    OwnAll();
    const Everywhere server;
    std::vector<std::string> all(std::begin(kOwned), std::end(kOwned));
    all.insert(all.end(), std::begin(kOwnedV6), std::end(kOwnedV6));
    all.insert(all.end(), {"::ffff:168.63.129.16", "::ffff:a9fe:a9fe"});
    for (const std::string& address : all) {
      for (const auto& [probe, spec] : ProbesAt(At(address, server.port()))) {
        support::ProbeRun run;
        ExpectDenied(run.Run(*probe, spec), std::string(probe->name) + " to " + address);
      }
      EXPECT_FALSE(server.Reached()) << address;
    }
  });
}

TEST(Metadata, NeitherAMapNorARedirectNorAResolverLeadsThere) {
  net::InOwnNamespace([] {
    OwnAll();
    const Everywhere server;
    for (const auto& [probe, spec] : ProbesAt(At("10.255.255.1", 5432))) {
      support::ProbeRun run;
      v1::ConnectTo* entry = &run.connect_to.emplace_back();
      entry->set_host("10.255.255.1");
      entry->set_port(5432);
      entry->set_to_host("2002:a83f:8110::1");
      entry->set_to_port(server.port());
      ExpectDenied(run.Run(*probe, spec), std::string(probe->name) + " by its map");
    }
    for (const std::string to : {"168.63.129.16", "[64:ff9b:1::a83f:8110]", "2822734096", "0xa8.0x3f.0x8110"}) {
      const ScriptedServer redirects([&](Peer& peer) {
        peer.ReadSome();
        peer.Send(absl::StrCat("HTTP/1.1 302 Found\r\nLocation: http://", to, ":", server.port(),
                               "/\r\nContent-Length: 0\r\n\r\n"));
        peer.AwaitEnd();
      });
      v1::ProbeSpec spec;
      spec.set_name("http");
      *spec.mutable_http()->mutable_endpoint() = At("127.0.0.1", redirects.port());
      spec.mutable_http()->set_follow_redirects(true);
      support::ProbeRun run;
      ExpectDenied(run.Run(kHttpProbe, spec), "a redirect to " + to);
    }
    v1::ProbeSpec dns;
    dns.set_name("dns");
    dns.mutable_dns()->set_name("db.test");
    dns.mutable_dns()->add_resolvers(absl::StrCat("168.63.129.16:", server.port()));
    dns.mutable_dns()->add_resolvers(absl::StrCat("[64:ff9b::a9fe:a9fe]:", server.port()));
    support::ProbeRun run;
    EXPECT_THAT(Steps(run.Run(kDnsProbe, dns)), HasSubstr("denied_by_policy"));
    EXPECT_FALSE(server.Reached());
  });
}

TEST(Metadata, WhatIsNoneArrives) {  // or the tests above would see nothing
  net::InOwnNamespace([] {
    net::Shell("ip addr add 168.63.129.17/32 dev lo");
    const Everywhere server;
    support::ProbeRun run;
    run.Run(kTcpProbe, ProbesAt(At("168.63.129.17", server.port()))[0].second);
    EXPECT_TRUE(server.Reached());
  });
}

}  // namespace
}  // namespace parallax::probes
