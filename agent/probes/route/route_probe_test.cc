#include "agent/probes/route/route_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/net/linux/own_namespace_for_test.h"
#include "agent/probes/run_for_test.h"

namespace parallax::probes {
namespace {

using net::InOwnNamespace;
using net::Shell;
using testing::Contains;
using testing::HasSubstr;

v1::ProbeSpec To(const std::string& address) {
  v1::ProbeSpec spec;
  spec.mutable_route()->set_host("db.example");
  spec.mutable_route()->set_address(address);
  return spec;
}

v1::Step Lookup(const v1::ProbeSpec& spec, const RunOptions& options = {}) {
  const v1::Observation observation = RunProbe(kRouteProbe, spec, options);
  if (observation.steps().empty()) return {};
  return observation.steps(observation.steps_size() - 1);
}

void MakeNetwork() {
  Shell("ip link add near type veth peer name far");
  Shell("ip addr add 192.0.2.10/24 dev near");
  Shell("ip link set near up mtu 1400 && ip link set far up");
  Shell("ip route add default via 192.0.2.1");
  Shell("ip tuntap add dev tunnel0 mode tun && ip addr add 172.16.0.1/32 dev tunnel0 && ip link set tunnel0 up");
  Shell("ip route add 10.0.4.0/22 dev tunnel0");
}

TEST(RouteProbe, NamesInterfaceSourceGatewayAndPrefix) {
  InOwnNamespace([] {
    MakeNetwork();
    const v1::Step step = Lookup(To("203.0.113.9"));
    EXPECT_EQ(step.kind(), v1::ROUTE_LOOKUP);
    EXPECT_EQ(step.failure(), v1::NONE);
    const v1::RouteDetails& route = step.route();
    EXPECT_EQ(route.interface(), "near");
    EXPECT_EQ(route.link_kind(), v1::LINK_KIND_VETH);
    EXPECT_EQ(route.source(), "192.0.2.10");
    EXPECT_EQ(route.gateway(), "192.0.2.1");
    EXPECT_EQ(route.mtu(), 1400u);
    EXPECT_EQ(route.table(), 254u);
    EXPECT_EQ(route.matched_prefix(), "default");
    EXPECT_EQ(route.default_interface(), "near");
    EXPECT_TRUE(route.interface_up());
    EXPECT_TRUE(route.interface_carrier());
    EXPECT_FALSE(route.connected());
    EXPECT_THAT(route.policy(), HasSubstr("table main"));
  });
}

TEST(RouteProbe, ShowsATunWithoutAProcessAsWithoutCarrier) {
  InOwnNamespace([] {
    MakeNetwork();
    const v1::RouteDetails route = Lookup(To("10.0.4.172")).route();
    EXPECT_EQ(route.interface(), "tunnel0");
    EXPECT_EQ(route.link_kind(), v1::LINK_KIND_TUN);
    EXPECT_EQ(route.matched_prefix(), "10.0.4.0/22");
    EXPECT_EQ(route.source(), "172.16.0.1");
    EXPECT_FALSE(route.interface_carrier());
    EXPECT_FALSE(route.connected());
    EXPECT_EQ(route.default_interface(), "near");
    EXPECT_THAT(route.competing_prefixes(), Contains("default dev near"));
  });
}

TEST(RouteProbe, ShowsALocalNetworkThatOwnsTheAddressAndTheRouteThatLost) {
  InOwnNamespace([] {
    MakeNetwork();
    Shell("ip addr add 10.0.4.1/24 dev near");
    Shell("ip neigh add 10.0.4.172 dev near nud failed");
    const v1::RouteDetails route = Lookup(To("10.0.4.172")).route();
    EXPECT_EQ(route.interface(), "near");
    EXPECT_TRUE(route.connected());
    EXPECT_EQ(route.matched_prefix(), "10.0.4.0/24");
    EXPECT_EQ(route.neighbour(), v1::NEIGHBOUR_STATE_FAILED);
    EXPECT_THAT(route.competing_prefixes(), Contains("10.0.4.0/22 dev tunnel0"));
  });
}

TEST(RouteProbe, NamesTheRuleThatChoseAnotherTable) {
  InOwnNamespace([] {
    MakeNetwork();
    Shell("ip route add 10.0.4.0/22 via 192.0.2.99 table 100 && ip rule add to 10.0.0.0/8 lookup 100 priority 77");
    const v1::RouteDetails route = Lookup(To("10.0.4.172")).route();
    EXPECT_EQ(route.table(), 100u);
    EXPECT_EQ(route.gateway(), "192.0.2.99");
    EXPECT_THAT(route.policy(), HasSubstr("77: from all to 10.0.0.0/8 lookup 100"));
  });
}

TEST(RouteProbe, TellsTheKindsOfNoWayApart) {
  InOwnNamespace([] {
    EXPECT_EQ(Lookup(To("203.0.113.9")).failure(), v1::NO_ROUTE);
    Shell("ip route add unreachable 203.0.113.0/25 && ip route add prohibit 203.0.113.128/25");
    EXPECT_EQ(Lookup(To("203.0.113.9")).failure(), v1::UNREACHABLE);
    EXPECT_EQ(Lookup(To("203.0.113.200")).failure(), v1::UNREACHABLE);
    Shell("ip route add blackhole 10.0.0.0/8");
    EXPECT_EQ(Lookup(To("10.1.1.1")).failure(), v1::NO_ROUTE);
    EXPECT_EQ(Lookup(To("2001:db8::1")).failure(), v1::NO_ROUTE);
  });
}

TEST(RouteProbe, LooksWhereThisSideReallyDials) {
  InOwnNamespace([] {
    MakeNetwork();
    RunOptions options;
    options.connect_to.emplace_back();
    options.connect_to[0].set_host("db.example");
    options.connect_to[0].set_port(5432);
    options.connect_to[0].set_to_host("127.0.0.1");
    options.connect_to[0].set_to_port(15432);
    const v1::RouteDetails route = Lookup(To("10.0.4.172"), options).route();
    EXPECT_EQ(route.destination(), "127.0.0.1");
    EXPECT_EQ(route.link_kind(), v1::LINK_KIND_LOOPBACK);
  });
}

TEST(RouteProbe, RefusesWhatIsNoDestination) {
  EXPECT_FALSE(ValidateRoute(v1::ProbeSpec()).ok());
  EXPECT_FALSE(ValidateRoute(To("not an address")).ok());
}

}  // namespace
}  // namespace parallax::probes
