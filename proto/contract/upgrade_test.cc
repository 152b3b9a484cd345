#include "contract/upgrade.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

namespace parallax::contract {
namespace {

template <typename Message>
Message Parsed(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

TEST(Upgrade, ReadsTheWordsOfAnOlderRun) {
  auto run = Parsed<v1::Run>(R"pb(
    sides {
      agent {
        host {
          interfaces { name: "wg0" kind: "wireguard" }
          interfaces { name: "x" kind: "of the future" }
        }
      }
    }
    observations {
      observation {
        steps {
          route {
            interface_kind: "tun"
            neighbour_state: "failed"
            competing_prefixes: "10.0.4.0/22 dev tun10"
            competing_prefixes: "blackhole 10.0.0.0/8 table 220"
          }
        }
        steps {
          carrier {
            holder { state: "waiting for a disk" }
            connections {
              state: "syn-sent"
              owner { state: "stopped" }
            }
            socks { owner { state: "running" } }
          }
        }
      }
    })pb");
  Upgrade(&run);
  const v1::HostFacts& host = run.sides(0).agent().host();
  EXPECT_EQ(host.interfaces(0).link_kind(), v1::LINK_KIND_WIREGUARD);
  EXPECT_EQ(host.interfaces(1).link_kind(), v1::LINK_KIND_OTHER);

  const v1::Observation& observation = run.observations(0).observation();
  const v1::RouteDetails& route = observation.steps(0).route();
  EXPECT_EQ(route.link_kind(), v1::LINK_KIND_TUN);
  EXPECT_EQ(route.neighbour(), v1::NEIGHBOUR_STATE_FAILED);
  ASSERT_EQ(route.competing_routes_size(), 2);
  EXPECT_EQ(route.competing_routes(0).prefix(), "10.0.4.0/22");
  EXPECT_EQ(route.competing_routes(0).interface(), "tun10");
  EXPECT_EQ(route.competing_routes(0).type(), v1::ROUTE_TYPE_UNICAST);
  EXPECT_EQ(route.competing_routes(1).prefix(), "10.0.0.0/8");
  EXPECT_EQ(route.competing_routes(1).interface(), "");
  EXPECT_EQ(route.competing_routes(1).table(), "220");
  EXPECT_EQ(route.competing_routes(1).type(), v1::ROUTE_TYPE_BLACKHOLE);

  const v1::CarrierDetails& carrier = observation.steps(1).carrier();
  EXPECT_EQ(carrier.holder().process_state(), v1::PROCESS_STATE_WAITING_FOR_A_DISK);
  EXPECT_EQ(carrier.connections(0).tcp_state(), v1::TCP_STATE_SYN_SENT);
  EXPECT_EQ(carrier.connections(0).owner().process_state(), v1::PROCESS_STATE_STOPPED);
  EXPECT_EQ(carrier.socks(0).owner().process_state(), v1::PROCESS_STATE_RUNNING);
}

TEST(Upgrade, LeavesWhatIsOfTodayAsItIs) {
  auto run = Parsed<v1::Run>(R"pb(
    sides { name: "outside" }
    observations {
      observation {
        steps {
          route {
            link_kind: LINK_KIND_TUN
            competing_prefixes: "10.0.4.0/22 dev a"
            competing_routes { prefix: "10.0.4.0/22" interface: "a" }
          }
        }
      }
    })pb");
  const std::string before = run.SerializeAsString();
  Upgrade(&run);
  EXPECT_EQ(run.SerializeAsString(), before);
  Upgrade(&run);
  EXPECT_EQ(run.SerializeAsString(), before) << "twice is as once";
}

TEST(Upgrade, WordsThatMakeNoSenseAreNotGuessedAt) {
  auto observation = Parsed<v1::Observation>(R"pb(
    steps { route { competing_prefixes: "" competing_prefixes: "prohibit" competing_prefixes: "a dev" } }
    steps { carrier { connections { state: "half open" } } })pb");
  Upgrade(&observation);
  EXPECT_EQ(observation.steps(0).route().competing_routes_size(), 3);
  EXPECT_EQ(observation.steps(0).route().competing_routes(2).interface(), "");
  EXPECT_EQ(observation.steps(1).carrier().connections(0).tcp_state(), v1::TCP_STATE_UNSPECIFIED);
}

}  // namespace
}  // namespace parallax::contract
