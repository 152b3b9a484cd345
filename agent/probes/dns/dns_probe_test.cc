#include "agent/probes/dns/dns_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "agent/net/dns_query.h"
#include "agent/net/linux/child_for_test.h"
#include "agent/net/linux/own_namespace_for_test.h"
#include "agent/probes/run_for_test.h"

namespace parallax::probes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// dnsmasq in the namespace at hand, ready when this returns: its port is then bound.
class Dnsmasq {
 public:
  explicit Dnsmasq(const std::string& more) {
    const std::string pid_file = "/tmp/parallax-dnsmasq-" + std::to_string(getpid());
    net::Shell(
        "dnsmasq --conf-file=/dev/null --no-hosts --no-resolv --port=5353 --listen-address=127.0.0.1 "
        "--bind-interfaces --user=root --pid-file=" +
        pid_file + " " + more);
    std::ifstream(pid_file) >> pid_;
    unlink(pid_file.c_str());
  }
  ~Dnsmasq() {
    if (pid_ > 1) kill(pid_, SIGKILL);
  }

 private:
  pid_t pid_ = 0;
};

v1::ProbeSpec Ask(const std::string& name, const std::vector<std::string>& resolvers) {
  v1::ProbeSpec spec;
  spec.mutable_dns()->set_name(name);
  for (const std::string& resolver : resolvers) spec.mutable_dns()->add_resolvers(resolver);
  return spec;
}

std::map<std::string, v1::Step> ByVariant(const v1::Observation& observation) {
  std::map<std::string, v1::Step> steps;
  for (const v1::Step& step : observation.steps()) steps[step.variant()] = step;
  return steps;
}

TEST(DnsProbe, AsksEveryResolverOverBothTransportsForBothTypes) {
  net::InOwnNamespace([] {
    const Dnsmasq server("--host-record=db.example,10.0.4.172,fd00::172,60 --cname=alias.example,db.example,30");
    const v1::Observation observation = RunProbe(kDnsProbe, Ask("alias.example", {"127.0.0.1:5353"}));
    ASSERT_EQ(observation.steps_size(), 5);
    EXPECT_EQ(observation.steps(0).kind(), v1::RESOLVE);
    EXPECT_EQ(observation.steps(0).variant(), "system");
    EXPECT_EQ(observation.steps(0).resolve().ttl_seconds(), -1);
    EXPECT_NE(observation.steps(0).failure(), v1::NONE);  // nobody resolves here but dnsmasq, which is not the system's
    EXPECT_EQ(observation.outcome(), observation.steps(0).failure());
    auto steps = ByVariant(observation);
    for (const std::string transport : {"udp", "tcp"}) {
      const v1::Step& a = steps["127.0.0.1:5353/" + transport + " A"];
      EXPECT_EQ(a.kind(), v1::RESOLVER_QUERY);
      EXPECT_EQ(a.failure(), v1::NONE) << a.text();
      EXPECT_THAT(a.resolve().addresses(), ElementsAre("10.0.4.172"));
      EXPECT_THAT(a.resolve().cname_chain(), ElementsAre("db.example"));
      EXPECT_EQ(a.resolve().ttl_seconds(), 30);
      EXPECT_EQ(a.resolve().over_tcp(), transport == "tcp");
      EXPECT_THAT(steps["127.0.0.1:5353/" + transport + " AAAA"].resolve().addresses(), ElementsAre("fd00::172"));
    }
  });
}

TEST(DnsProbe, TellsNoSuchNameFromNoSuchRecordFromARefusal) {
  net::InOwnNamespace([] {
    const Dnsmasq server("--host-record=db.example,10.0.4.172 --local=/example/");
    auto missing = ByVariant(RunProbe(kDnsProbe, Ask("nobody.example", {"127.0.0.1:5353"})));
    EXPECT_EQ(missing["127.0.0.1:5353/udp A"].failure(), v1::NAME_NOT_FOUND);
    EXPECT_EQ(missing["127.0.0.1:5353/udp A"].resolve().error(), "NXDOMAIN");
    auto no_record = ByVariant(RunProbe(kDnsProbe, Ask("db.example", {"127.0.0.1:5353"})));
    EXPECT_EQ(no_record["127.0.0.1:5353/tcp AAAA"].failure(), v1::NAME_NOT_FOUND);
    EXPECT_EQ(no_record["127.0.0.1:5353/tcp AAAA"].resolve().error(), "no AAAA record");
    auto refused = ByVariant(RunProbe(kDnsProbe, Ask("db.elsewhere", {"127.0.0.1:5353"})));
    EXPECT_EQ(refused["127.0.0.1:5353/udp A"].failure(), v1::RESOLVER_FAILED);
    EXPECT_EQ(refused["127.0.0.1:5353/udp A"].resolve().error(), "REFUSED");
  });
}

TEST(DnsProbe, SilentResolversCostOneStepAndNotOneEach) {
  net::InOwnNamespace([] {
    net::Shell("ip link add near type veth peer name far && ip addr add 192.0.2.10/24 dev near && ip link set near up");
    net::Shell("ip link set far up && ip neigh add 192.0.2.53 lladdr 02:00:00:00:00:01 dev near");
    net::Shell("ip neigh add 192.0.2.54 lladdr 02:00:00:00:00:01 dev near");
    RunOptions options;
    options.step_timeout_ms = 400;
    const int64_t before = net::SystemClock().MonotonicNs();
    const v1::Observation observation =
        RunProbe(kDnsProbe, Ask("db.example", {"192.0.2.53:53", "192.0.2.54:53"}), options);
    EXPECT_LT(net::SystemClock().MonotonicNs() - before, 2000 * net::kMs);
    ASSERT_EQ(observation.steps_size(), 9);
    for (int i = 1; i < 9; ++i) {
      EXPECT_EQ(observation.steps(i).failure(), v1::TIMED_OUT) << observation.steps(i).variant();
      EXPECT_GT(observation.steps(i).duration_ns(), 300 * net::kMs);
    }
  });
}

TEST(DnsProbe, TellsAResolverThatRefusesFromOneThatHangsUp) {
  net::InOwnNamespace([] {
    uint16_t port = 0;
    const int listener = net::Listen("127.0.0.1", &port);
    const net::Child closes([listener](int) {
      for (;;) close(accept(listener, nullptr, nullptr));
    });
    const std::string here = "127.0.0.1:" + std::to_string(port);
    auto steps = ByVariant(RunProbe(kDnsProbe, Ask("db.example", {here, "127.0.0.1:1"})));
    EXPECT_THAT(steps[here + "/tcp A"].failure(),
                testing::AnyOf(v1::CLOSED_BEFORE_FIRST_BYTE, v1::RESET_BEFORE_FIRST_BYTE));
    EXPECT_EQ(steps["127.0.0.1:1/tcp A"].failure(), v1::REFUSED);
    EXPECT_EQ(steps["127.0.0.1:1/udp A"].failure(), v1::REFUSED);
  });
}

TEST(DnsProbe, ANumericNameIsItsOwnAnswer) {
  const v1::Observation observation = RunProbe(kDnsProbe, Ask("10.0.4.172", {"127.0.0.1:1"}));
  ASSERT_EQ(observation.steps_size(), 1);
  EXPECT_THAT(observation.steps(0).resolve().addresses(), ElementsAre("10.0.4.172"));
  EXPECT_EQ(observation.outcome(), v1::NONE);
}

TEST(DnsProbe, NeverAsksAMetadataService) {
  RunOptions options;
  options.step_timeout_ms = 300;
  auto steps = ByVariant(RunProbe(kDnsProbe, Ask("localhost", {"169.254.169.254:53"}), options));
  EXPECT_EQ(steps["169.254.169.254:53/udp A"].failure(), v1::DENIED_BY_POLICY);
  EXPECT_EQ(steps["169.254.169.254:53/tcp AAAA"].failure(), v1::DENIED_BY_POLICY);
}

TEST(DnsProbe, ValidatesWhatItIsAsked) {
  EXPECT_FALSE(ValidateDns(Ask("", {})).ok());
  EXPECT_FALSE(ValidateDns(Ask(std::string(300, 'a'), {})).ok());
  EXPECT_FALSE(ValidateDns(Ask("db.example", {"resolver.example:53"})).ok());
  EXPECT_TRUE(ValidateDns(Ask("db.example", {"10.0.0.2", "[fd00::2]:53"})).ok());
}

TEST(DnsResponse, SurvivesEveryCutOfAMessage) {
  // db.example A 10.0.4.172, TTL 60, with a compressed name.
  const std::string message(
      "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x02"
      "db\x07"
      "example\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x04\xac",
      44);
  const net::DnsAnswer whole = net::ParseDnsResponse(message, false);
  EXPECT_EQ(whole.failure, v1::NONE);
  EXPECT_THAT(whole.addresses, ElementsAre("10.0.4.172"));
  EXPECT_EQ(whole.ttl_seconds, 60);
  for (size_t size = 0; size < message.size(); ++size) {
    const net::DnsAnswer cut = net::ParseDnsResponse(message.substr(0, size), false);
    EXPECT_THAT(cut.addresses, IsEmpty()) << size;
    EXPECT_EQ(cut.failure, v1::PROTOCOL_VIOLATION)
        << size << ": a part of an answer does not say that there is no name";
  }
}

}  // namespace
}  // namespace parallax::probes
