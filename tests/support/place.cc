// One side's world: what it is made of, and what it answers to each kind of probe.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/names.h"
#include "tests/support/run_builder.h"

namespace parallax::support {
namespace {

constexpr double kLocalMs = 0.5;

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

v1::Endpoint EndpointOf(const v1::ProbeSpec& spec) {
  switch (spec.spec_case()) {
    case v1::ProbeSpec::kTcp: return spec.tcp().endpoint();
    case v1::ProbeSpec::kTls: return spec.tls().endpoint();
    case v1::ProbeSpec::kPostgres: return spec.postgres().endpoint();
    case v1::ProbeSpec::kHttp: return spec.http().endpoint();
    case v1::ProbeSpec::kSql: return spec.sql().endpoint();
    default: return {};
  }
}

std::string HostPortOf(const v1::Endpoint& endpoint) {
  const std::string& host = endpoint.address().empty() ? endpoint.host() : endpoint.address();
  const bool v6 = host.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", host, v6 ? "]" : "", ":", endpoint.port());
}

}  // namespace

Place::Place(std::string name, Way way_taken, double rtt) : way(way_taken), rtt_ms(rtt) {
  side.set_name(std::move(name));
  talk.rtt_ms = rtt;
  names["db.internal"] = {"10.0.4.172"};
  const v1::Process sst = ProcessOf(4711, "sst");
  const v1::Process ssh = ProcessOf(4712, "ssh");
  carrier.set_holder_looked_for(true);
  carrier.set_interface("eth0");
  carrier.set_interface_up(true);
  carrier.set_interface_carrier(true);
  switch (way) {
    case Way::kInside:
      side.set_vantage("exec:ssh api-1 parallax-agent stdio");
      *side.mutable_agent() = InsideHello();
      carrier.set_kind(v1::DIRECT);
      route = RouteBy("eth0", "ethernet", "default", "10.0.8.1");
      break;
    case Way::kRouted:
      *side.mutable_agent() = OutsideHello("", "");
      carrier.set_kind(v1::DIRECT);
      route = RouteBy("eth0", "ethernet", "default", "192.0.2.1");
      break;
    case Way::kSst:
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
    case Way::kRedsocks:
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
    case Way::kForward:
      *side.mutable_agent() = OutsideHello("", "");
      carrier.set_kind(v1::PORT_FORWARD);
      carrier.set_interface("lo");
      *carrier.mutable_holder() = ssh;
      AddConnection(rtt_ms, ssh, &carrier);
      banner = BannerAt(rtt_ms);
      route = RouteBy("lo", "loopback", "127.0.0.0/8", "");
      break;
    case Way::kWireGuard:
      *side.mutable_agent() = OutsideHello("wg0", "wireguard");
      carrier.set_kind(v1::KERNEL_TUNNEL);
      carrier.set_interface("wg0");
      route = RouteBy("wg0", "wireguard", "10.0.4.0/22", "");
      break;
    case Way::kSshuttle:
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
  talk.connect_ms = ConnectMs();
  if (way != Way::kInside) talk.client_address = "10.0.3.110";
}

Place& Place::On(const std::string& probe, Attempt attempt) { return OnAttempt(0, probe, std::move(attempt)); }

Place& Place::OnAttempt(uint32_t number, const std::string& probe, Attempt attempt) {
  words_.push_back({probe, number, std::move(attempt)});
  return *this;
}

Place& Place::Never(const std::string& probe) {
  words_.push_back({probe, 0, std::nullopt});
  return *this;
}

Place& Place::CannotAsk(const std::string& probe, v1::Failure outcome, const std::string& error) {
  Attempt attempt;
  attempt.set_outcome(outcome);
  attempt.set_error(error);
  return On(probe, std::move(attempt));
}

Place& Place::Missing(const std::string& why) {
  side.clear_agent();
  side.set_missing(why);
  return *this;
}

Place& Place::LostAfter(uint32_t attempt, const std::string& why) {
  lost_after = attempt;
  side.set_missing(why);
  return *this;
}

Place& Place::EverythingCloses(double after_ms) {
  On("postgres", Closed(v1::SSL_REQUEST, ConnectMs(), after_ms));
  On("http ", Closed(v1::REQUEST, ConnectMs(), after_ms));
  On("https ", Closed(v1::TLS_HANDSHAKE, ConnectMs(), after_ms));
  On("sql", Of({Failed(v1::CLIENT_CONNECT, v1::CLOSED_BEFORE_FIRST_BYTE, after_ms)}));
  On("must-answer", Closed(v1::EXCHANGE, ConnectMs(), after_ms));
  On("must-not-connect", Of({Done(v1::CONNECT, ConnectMs())}));
  return Socks("*", v1::CLOSED_BEFORE_FIRST_BYTE);
}

Place& Place::EverythingIsMute() {
  On("postgres", Mute(v1::SSL_REQUEST, ConnectMs()));
  On("http ", Mute(v1::REQUEST, ConnectMs()));
  On("https ", Mute(v1::TLS_HANDSHAKE, ConnectMs()));
  On("sql", Of({Failed(v1::CLIENT_CONNECT, v1::TIMED_OUT, 5000)}));
  On("must-answer", Mute(v1::EXCHANGE, ConnectMs()));
  return Socks("*", v1::TIMED_OUT);
}

Place& Place::NothingConnects(v1::Failure failure, double ms) {
  for (const char* probe : {"postgres", "http ", "https "}) On(probe, NoConnect(failure, ms));
  On("sql", Of({Failed(v1::CLIENT_CONNECT, failure, ms)}));
  On("must-answer", NoConnect(failure, ms));
  return On("must-not-connect", NoConnect(failure, std::min(ms, 2000.0)));
}

Place& Place::NoBanner(v1::Failure failure) {
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

Place& Place::WithoutPrivilege() {
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

Place& Place::WithoutSocks() {
  carrier.clear_socks();
  return *this;
}

Place& Place::Socks(const std::string& destination, v1::Failure failure) {
  socks_[destination] = failure;
  return *this;
}

std::optional<Attempt> Place::Answer(const v1::ProbeSpec& spec, uint32_t number) const {
  std::optional<Attempt> answer;
  const Word* last = nullptr;
  for (const Word& word : words_) {
    const bool fits = spec.name().rfind(word.probe, 0) == 0 && (word.number == 0 || word.number == number);
    if (fits) last = &word;
  }
  if (last != nullptr) {
    answer = last->attempt;
  } else {
    answer = Default(spec);
  }
  if (answer.has_value() && spec.role() == v1::TARGET) {
    const v1::Endpoint endpoint = EndpointOf(spec);
    // As the agent does: a map is of one host and port.
    answer->set_via_connect_to(
        std::any_of(side.connect_to().begin(), side.connect_to().end(), [&](const v1::ConnectTo& map) {
          return map.port() == endpoint.port() && (map.host() == endpoint.host() || map.host() == endpoint.address());
        }));
    if (answer->via_connect_to()) {
      answer->set_address("127.0.0.1");
    } else if (spec.has_postgres() || spec.has_http()) {
      answer->set_address(endpoint.address());
    }
  }
  return answer;
}

bool Place::AnswersLocally() const { return way == Way::kSst || way == Way::kRedsocks || way == Way::kSshuttle; }

double Place::ConnectMs() const { return AnswersLocally() || way == Way::kForward ? kLocalMs : rtt_ms; }

Attempt Place::Default(const v1::ProbeSpec& spec) const {
  switch (spec.spec_case()) {
    case v1::ProbeSpec::kDns: return Dns(spec.dns());
    case v1::ProbeSpec::kRoute: {
      v1::Step step = Done(v1::ROUTE_LOOKUP, 0.1);
      *step.mutable_route() = route;
      step.mutable_route()->set_destination(spec.route().address());
      return Of({step});
    }
    case v1::ProbeSpec::kTunnel: return Tunnel(spec.tunnel());
    case v1::ProbeSpec::kTcp: return Tcp(spec);
    case v1::ProbeSpec::kTls: {
      if (!talk.tls) return Of({Done(v1::CONNECT, ConnectMs()), Failed(v1::TLS_HANDSHAKE, v1::TLS_PROTOCOL, rtt_ms)});
      const Attempt talked = Postgres(talk);
      return Of({talked.steps(0), talked.steps(2)});
    }
    case v1::ProbeSpec::kPostgres: return PostgresAsked(spec.postgres());
    case v1::ProbeSpec::kHttp: return Http(spec.http());
    case v1::ProbeSpec::kSql: return Sql(spec.sql());
    default: return Of({});
  }
}

Attempt Place::Dns(const v1::DnsProbe& probe) const {
  const auto found = names.find(probe.name());
  const bool resolves = found != names.end() && !found->second.empty();
  std::vector<v1::Step> steps;
  const auto ask = [&](v1::StepKind kind, const std::string& variant) {
    v1::Step step = resolves ? Done(kind, 1) : Failed(kind, unresolved, 1);
    step.set_variant(variant);
    v1::ResolveDetails* details = step.mutable_resolve();
    details->set_name(probe.name());
    details->set_record_type(kind == v1::RESOLVE ? "" : "A");
    details->set_ttl_seconds(60);
    if (resolves) details->mutable_addresses()->Assign(found->second.begin(), found->second.end());
    steps.push_back(std::move(step));
  };
  for (const std::string& resolver : side.agent().host().resolvers()) {
    ask(v1::RESOLVER_QUERY, resolver + ":53/udp A");
    ask(v1::RESOLVER_QUERY, resolver + ":53/tcp A");
  }
  ask(v1::RESOLVE, "system");  // last here, so that it is the outcome
  std::rotate(steps.begin(), steps.end() - 1, steps.end());
  Attempt attempt = Of(std::move(steps));
  attempt.set_outcome(resolves ? v1::NONE : unresolved);
  return attempt;
}

Attempt Place::Tunnel(const v1::TunnelProbe& probe) const {
  std::vector<v1::Step> steps = {Done(v1::CARRIER_FOUND, 2)};
  *steps.back().mutable_carrier() = carrier;
  v1::Failure outcome = v1::NONE;
  if (banner.attempts() > 0) {
    const double ms = banner_failure == v1::TIMED_OUT ? 5000 : rtt_ms * 2;
    steps.push_back(banner_failure == v1::NONE ? Done(v1::BANNER, ms, 21) : Failed(v1::BANNER, banner_failure, ms));
    *steps.back().mutable_banner() = banner;
    outcome = banner_failure;
  }
  const auto speak = [&](const v1::Endpoint& to, bool negative, bool positive) {
    const std::string destination = HostPortOf(to);
    auto word = socks_.find(destination);
    if (word == socks_.end()) word = socks_.find("*");
    const v1::Failure failure = word != socks_.end() ? word->second
                                : negative           ? v1::CLOSED_BEFORE_FIRST_BYTE
                                                     : v1::NONE;
    v1::Step step = failure == v1::NONE ? Done(v1::SOCKS_CONNECT, rtt_ms) : Failed(v1::SOCKS_CONNECT, failure, rtt_ms);
    step.set_variant(destination);
    v1::SocksDetails* details = step.mutable_socks();
    details->set_listener(carrier.socks(0).address());
    details->set_destination(destination);
    details->set_greeted(true);
    details->set_replied(failure == v1::NONE);
    details->set_negative_control(negative);
    details->set_positive_control(positive);
    steps.push_back(std::move(step));
  };
  if (carrier.socks_size() > 0) {
    speak(probe.destination(), false, false);
    for (int i = 0; i < probe.socks_destinations_size(); ++i) {
      speak(probe.socks_destinations(i), probe.socks_negative(i), !probe.socks_negative(i));
    }
  }
  Attempt attempt = Of(std::move(steps));
  attempt.set_outcome(outcome);
  return attempt;
}

Attempt Place::Tcp(const v1::ProbeSpec& spec) const {
  const v1::TcpProbe& probe = spec.tcp();
  const double far_ms = way == Way::kInside ? 0.3 : rtt_ms;
  if (spec.role() == v1::NEGATIVE_CONTROL) {
    if (AnswersLocally()) return Of({Done(v1::CONNECT, ConnectMs())});
    // A forward's other destinations go out by the ordinary way, and are lost there.
    const bool unused = spec.target().find(absl::StrCat(":", probe.endpoint().port(), "/")) != std::string::npos;
    if (unused || way == Way::kForward) return NoConnect(v1::TIMED_OUT, 2000);
    return NoConnect(v1::REFUSED, far_ms);
  }
  if (spec.role() == v1::POSITIVE_CONTROL && way == Way::kForward) return NoConnect(v1::TIMED_OUT, 5000);
  std::vector<v1::Step> steps = {Done(v1::CONNECT, ConnectMs())};
  if (probe.listen_ms() > 0) {
    const bool speaks = probe.endpoint().port() == 22;
    steps.push_back(speaks ? Heard(v1::LISTEN_UNASKED, "SSH-2.0-OpenSSH_9.2\r\n", far_ms)
                           : Done(v1::LISTEN_UNASKED, probe.listen_ms()));
  }
  if (!probe.send().empty()) steps.push_back(Heard(v1::EXCHANGE, std::string("\x00\x11PX\x81\x80", 6), far_ms));
  // A PostgreSQL takes an HTTP line for a broken packet, and hangs up.
  if (probe.send_http_line()) steps.push_back(Failed(v1::HTTP_LINE, v1::CLOSED_BEFORE_FIRST_BYTE, far_ms));
  Attempt attempt = Of(std::move(steps));
  if (probe.send_http_line()) attempt.set_outcome(v1::NONE);
  return attempt;
}

Attempt Place::Http(const v1::HttpProbe& probe) const {
  std::vector<v1::Step> steps = {Done(v1::CONNECT, ConnectMs())};
  if (probe.tls()) steps.push_back(Postgres(talk).steps(2));
  v1::Step request = Done(v1::REQUEST, rtt_ms, 300);
  request.mutable_http()->set_status(200);
  v1::Step body = Done(v1::BODY, 0.1, 100);
  body.mutable_http_body()->set_size(100);
  steps.push_back(std::move(request));
  steps.push_back(std::move(body));
  v1::Step expectation = Done(v1::EXPECTATION, 0);
  expectation.set_variant("status");
  expectation.mutable_expectation()->set_what("status");
  expectation.mutable_expectation()->set_seen("200");
  steps.push_back(std::move(expectation));
  return Of(std::move(steps));
}

Attempt Place::Sql(const v1::SqlProbe& probe) const {
  if (!talk.credentials) return Of({Done(v1::CLIENT_CONNECT, rtt_ms * 6)});
  std::vector<v1::Step> steps = {Done(v1::CLIENT_CONNECT, rtt_ms * 8), Done(v1::QUERY, rtt_ms)};
  const auto moved = [&](v1::StepKind kind, uint64_t bytes) {
    if (bytes == 0) return;
    steps.push_back(Done(kind, rtt_ms * 4));
    steps.back().mutable_client()->set_bytes(bytes);
  };
  moved(v1::DOWNLOAD, probe.download_bytes());
  moved(v1::UPLOAD, probe.upload_bytes());
  if (probe.ddl()) steps.push_back(Done(v1::DDL, rtt_ms * 5));
  return Of(std::move(steps));
}

Attempt Place::PostgresAsked(const v1::PostgresProbe& probe) const {
  Talk said = talk;
  if (probe.password().ref().empty()) said.credentials = false;
  Attempt main = Postgres(said, probe.ssl_mode());
  std::vector<v1::Step> steps(main.steps().begin(), main.steps().end());
  if (probe.message_size_check()) {
    v1::Step step = Done(v1::MESSAGE_SIZE, rtt_ms, 24);
    step.set_variant("startup");
    step.mutable_message_size()->set_what("startup padded");
    step.mutable_message_size()->set_size(320);
    steps.push_back(std::move(step));
  }
  for (int mode = v1::DISABLE; probe.ssl_mode_matrix() && mode <= v1::VERIFY_FULL; ++mode) {
    static const char* const kNames[] = {"", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"};
    const Attempt row = Postgres(said, static_cast<v1::SslMode>(mode));
    for (v1::Step step : row.steps()) {
      step.set_variant(absl::StrCat("sslmode=", kNames[mode]));
      steps.push_back(std::move(step));
    }
  }
  Attempt attempt = Of(std::move(steps));
  attempt.set_outcome(main.outcome());
  return attempt;
}

}  // namespace parallax::support
