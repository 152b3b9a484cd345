// What a side's world is made of, and how a test changes it.
#include "tests/support/side_world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/names.h"

namespace parallax::support {
namespace {

int64_t Ns(double ms) { return static_cast<int64_t>(ms * 1e6); }

void AddInterface(v1::Hello* hello, const std::string& name, const std::string& kind, const std::string& address) {
  v1::Interface* interface = hello->mutable_host()->add_interfaces();
  interface->set_name(name);
  interface->set_link_kind(contract::LinkKindFromName(kind));
  interface->set_up(true);
  interface->set_carrier(true);
  interface->set_mtu(1500);
  interface->add_addresses(address);
}

void AddRoute(v1::Hello* hello, const std::string& prefix, const std::string& interface, const std::string& gateway) {
  v1::HostRoute* route = hello->mutable_host()->add_routes();
  route->set_prefix(prefix);
  route->set_interface(interface);
  route->set_gateway(gateway);
}

v1::Hello InsideHello() {
  v1::Hello hello;
  hello.set_protocol(1);
  hello.set_agent_id("inside-1");
  hello.mutable_host()->set_hostname("api-1");
  AddInterface(&hello, "lo", "loopback", "127.0.0.1/8");
  AddInterface(&hello, "eth0", "ethernet", "10.0.8.50/22");
  AddRoute(&hello, "default", "eth0", "10.0.8.1");
  hello.mutable_host()->add_resolvers("10.0.0.2");
  hello.mutable_host()->add_ssh_host_keys("ssh-ed25519 SHA256:inside");
  hello.mutable_host()->set_network_namespace("4026531111");
  return hello;
}

v1::Hello OutsideHello(const std::string& tunnel, const std::string& kind) {
  v1::Hello hello;
  hello.set_protocol(1);
  hello.set_agent_id("outside-1");
  hello.mutable_host()->set_hostname("laptop");
  hello.mutable_host()->set_privileged(true);
  AddInterface(&hello, "lo", "loopback", "127.0.0.1/8");
  AddInterface(&hello, "eth0", "ethernet", "192.0.2.10/24");
  AddRoute(&hello, "default", "eth0", "192.0.2.1");
  if (!tunnel.empty()) {
    AddInterface(&hello, tunnel, kind, "172.16.0.1/24");
    AddRoute(&hello, "10.0.4.0/22", tunnel, "");
  }
  hello.mutable_host()->add_resolvers("192.0.2.1");
  hello.mutable_host()->set_network_namespace("4026532222");
  return hello;
}

v1::RouteDetails RouteBy(const std::string& interface, const std::string& kind, const std::string& prefix,
                         const std::string& gateway) {
  v1::RouteDetails route;
  route.set_interface(interface);
  route.set_link_kind(contract::LinkKindFromName(kind));
  route.set_interface_up(true);
  route.set_interface_carrier(true);
  route.set_matched_prefix(prefix);
  route.set_gateway(gateway);
  route.set_default_interface("eth0");
  route.set_mtu(1500);
  return route;
}

v1::Process ProcessOf(int pid, const std::string& name) {
  v1::Process process;
  process.set_pid(pid);
  process.set_name(name);
  process.set_process_state(v1::PROCESS_STATE_SLEEPING);
  process.set_age_ns(3'600'000'000'000);
  return process;
}

void AddConnection(double rtt_ms, const v1::Process& owner, v1::CarrierDetails* carrier) {
  v1::CarrierConnection* connection = carrier->add_connections();
  connection->set_local_address("192.0.2.10:50022");
  connection->set_remote_address(kBastion);
  connection->set_tcp_state(v1::TCP_STATE_ESTABLISHED);
  connection->set_rtt_ns(Ns(rtt_ms * 1.1));
  connection->set_min_rtt_ns(Ns(rtt_ms));
  connection->set_last_received_ns(Ns(100));
  connection->set_last_ack_ns(Ns(100));
  connection->set_age_ns(3'600'000'000'000);
  *connection->mutable_owner() = owner;
  connection->set_certain(true);
}

v1::BannerDetails BannerAt(double rtt_ms) {
  v1::BannerDetails banner;
  banner.set_address(kBastion);
  banner.set_banner("SSH-2.0-OpenSSH_9.2");
  banner.set_host_key_type("ssh-ed25519");
  banner.set_host_key_sha256("SHA256:bastion");
  banner.set_attempts(5);
  banner.set_answered(5);
  for (int i = 0; i < 5; ++i) {
    banner.add_connect_ns(Ns(rtt_ms + i * 0.1));
    banner.add_first_byte_ns(Ns(rtt_ms));
    banner.add_failures(v1::NONE);
  }
  return banner;
}

}  // namespace

SideWorld::SideWorld(std::string name, CarriedBy way_taken, double rtt) : way(way_taken), rtt_ms(rtt) {
  side.set_name(std::move(name));
  conversation.rtt_ms = rtt;
  names["db.internal"] = {"10.0.4.172"};
  const v1::Process sst = ProcessOf(4711, "sst");
  const v1::Process ssh = ProcessOf(4712, "ssh");
  carrier.set_holder_looked_for(true);
  carrier.set_interface("eth0");
  carrier.set_interface_up(true);
  carrier.set_interface_carrier(true);
  switch (way) {
    case CarriedBy::kInside:
      side.set_vantage("exec:ssh api-1 parallax-agent stdio");
      *side.mutable_agent() = InsideHello();
      carrier.set_kind(v1::DIRECT);
      route = RouteBy("eth0", "ethernet", "default", "10.0.8.1");
      break;
    case CarriedBy::kRouted:
      *side.mutable_agent() = OutsideHello("", "");
      carrier.set_kind(v1::DIRECT);
      route = RouteBy("eth0", "ethernet", "default", "192.0.2.1");
      break;
    case CarriedBy::kSst:
      *side.mutable_agent() = OutsideHello("sst", "tun");
      carrier.set_kind(v1::TUN);
      carrier.set_interface("sst");
      *carrier.mutable_holder() = sst;
      AddConnection(rtt_ms, sst, &carrier);
      carrier.add_socks()->set_address("127.0.0.1:1080");
      *carrier.mutable_socks(0)->mutable_owner() = sst;
      banner = BannerAt(rtt_ms);
      route = RouteBy("sst", "tun", "10.0.4.0/22", "");
      break;
    case CarriedBy::kRedsocks:
      *side.mutable_agent() = OutsideHello("", "");
      carrier.set_kind(v1::REDIRECTOR);
      carrier.set_redirected_to("127.0.0.1:12345");
      *carrier.mutable_holder() = ProcessOf(4713, "redsocks");
      AddConnection(rtt_ms, ssh, &carrier);
      carrier.add_socks()->set_address("127.0.0.1:1080");
      *carrier.mutable_socks(0)->mutable_owner() = ssh;
      banner = BannerAt(rtt_ms);
      route = RouteBy("eth0", "ethernet", "default", "192.0.2.1");
      break;
    case CarriedBy::kForward:
      *side.mutable_agent() = OutsideHello("", "");
      carrier.set_kind(v1::PORT_FORWARD);
      carrier.set_interface("lo");
      *carrier.mutable_holder() = ssh;
      AddConnection(rtt_ms, ssh, &carrier);
      banner = BannerAt(rtt_ms);
      route = RouteBy("lo", "loopback", "127.0.0.0/8", "");
      break;
    case CarriedBy::kWireGuard:
      *side.mutable_agent() = OutsideHello("wg0", "wireguard");
      carrier.set_kind(v1::KERNEL_TUNNEL);
      carrier.set_interface("wg0");
      route = RouteBy("wg0", "wireguard", "10.0.4.0/22", "");
      break;
    case CarriedBy::kSshuttle:
      *side.mutable_agent() = OutsideHello("", "");
      carrier.set_kind(v1::REDIRECTOR);
      carrier.set_redirected_to("127.0.0.1:12300");
      *carrier.mutable_holder() = ProcessOf(4714, "python3");
      AddConnection(rtt_ms, ssh, &carrier);
      banner = BannerAt(rtt_ms);
      route = RouteBy("eth0", "ethernet", "default", "192.0.2.1");
      break;
  }
  if (side.vantage().empty()) side.set_vantage("local");
  conversation.connect_ms = ConnectMs();
  if (way != CarriedBy::kInside) conversation.client_address = "10.0.3.110";
}

SideWorld& SideWorld::On(const std::string& probe, Attempt attempt) { return OnAttempt(0, probe, std::move(attempt)); }

SideWorld& SideWorld::OnAttempt(uint32_t number, const std::string& probe, Attempt attempt) {
  words_.push_back({probe, number, std::move(attempt)});
  return *this;
}

SideWorld& SideWorld::Never(const std::string& probe) {
  words_.push_back({probe, 0, std::nullopt});
  return *this;
}

SideWorld& SideWorld::CannotAsk(const std::string& probe, v1::Failure outcome, const std::string& error) {
  Attempt attempt;
  attempt.set_outcome(outcome);
  attempt.set_error(error);
  return On(probe, std::move(attempt));
}

SideWorld& SideWorld::Missing(const std::string& why) {
  side.clear_agent();
  side.set_missing(why);
  return *this;
}

SideWorld& SideWorld::LostAfter(uint32_t attempt, const std::string& why) {
  lost_after = attempt;
  side.set_missing(why);
  return *this;
}

SideWorld& SideWorld::EverythingCloses(double after_ms) {
  On("postgres", Closed(v1::SSL_REQUEST, ConnectMs(), after_ms));
  On("http ", Closed(v1::REQUEST, ConnectMs(), after_ms));
  On("https ", Closed(v1::TLS_HANDSHAKE, ConnectMs(), after_ms));
  On("sql", Of({Failed(v1::CLIENT_CONNECT, v1::CLOSED_BEFORE_FIRST_BYTE, after_ms)}));
  On("must-answer", Closed(v1::EXCHANGE, ConnectMs(), after_ms));
  On("must-not-connect", Of({Done(v1::CONNECT, ConnectMs())}));
  return Socks("*", v1::CLOSED_BEFORE_FIRST_BYTE);
}

SideWorld& SideWorld::EverythingIsMute() {
  On("postgres", Mute(v1::SSL_REQUEST, ConnectMs()));
  On("http ", Mute(v1::REQUEST, ConnectMs()));
  On("https ", Mute(v1::TLS_HANDSHAKE, ConnectMs()));
  On("sql", Of({Failed(v1::CLIENT_CONNECT, v1::TIMED_OUT, 5000)}));
  On("must-answer", Mute(v1::EXCHANGE, ConnectMs()));
  return Socks("*", v1::TIMED_OUT);
}

SideWorld& SideWorld::NothingConnects(v1::Failure failure, double ms) {
  for (const char* probe : {"postgres", "http ", "https "}) On(probe, NoConnect(failure, ms));
  On("sql", Of({Failed(v1::CLIENT_CONNECT, failure, ms)}));
  On("must-answer", NoConnect(failure, ms));
  return On("must-not-connect", NoConnect(failure, std::min(ms, 2000.0)));
}

SideWorld& SideWorld::NoBanner(v1::Failure failure) {
  banner.clear_banner();
  banner.clear_host_key_sha256();
  banner.set_attempts(1);
  banner.set_answered(0);
  banner.clear_connect_ns();
  banner.clear_first_byte_ns();
  banner.clear_failures();
  banner.add_failures(failure);
  if (failure == v1::CLOSED_BEFORE_FIRST_BYTE) banner.add_connect_ns(Ns(rtt_ms));
  banner_failure = failure;
  return *this;
}

SideWorld& SideWorld::WithoutPrivilege() {
  side.mutable_agent()->mutable_host()->set_privileged(false);
  carrier.clear_holder();
  carrier.set_holder_looked_for(false);
  carrier.set_not_permitted(true);
  carrier.set_not_permitted_why("other users' processes are not shown to this user");
  for (v1::CarrierConnection& connection : *carrier.mutable_connections()) {
    connection.clear_owner();
    connection.set_certain(false);
    connection.set_why("to port 22, and opened when the tunnel was");
  }
  for (v1::SocksListener& listener : *carrier.mutable_socks()) listener.clear_owner();
  return *this;
}

SideWorld& SideWorld::WithoutSocks() {
  carrier.clear_socks();
  return *this;
}

void SideWorld::Overlay(const SideWorld& untouched, const SideWorld& other) {
  const auto take = [](const auto& before, const auto& after, auto* into) {
    if (before.SerializeAsString() != after.SerializeAsString()) *into = after;
  };
  take(untouched.side, other.side, &side);
  take(untouched.carrier, other.carrier, &carrier);
  take(untouched.banner, other.banner, &banner);
  take(untouched.route, other.route, &route);
  if (untouched.banner_failure != other.banner_failure) banner_failure = other.banner_failure;
  if (untouched.lost_after != other.lost_after) lost_after = other.lost_after;
  if (untouched.unresolved != other.unresolved) unresolved = other.unresolved;
  if (untouched.names != other.names) names = other.names;
  if (Postgres(untouched.conversation).SerializeAsString() != Postgres(other.conversation).SerializeAsString()) {
    conversation = other.conversation;
  }
  for (const auto& [destination, failure] : other.socks_) socks_[destination] = failure;
  words_.insert(words_.end(), other.words_.begin(), other.words_.end());
}

SideWorld& SideWorld::Socks(const std::string& destination, v1::Failure failure) {
  socks_[destination] = failure;
  return *this;
}

}  // namespace parallax::support
