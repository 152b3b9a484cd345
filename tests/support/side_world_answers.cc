// What a side's world answers to each kind of probe.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/names.h"
#include "tests/support/side_world.h"

namespace parallax::support {
namespace {

constexpr double kLocalMs = 0.5;

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

std::optional<Attempt> SideWorld::Answer(const v1::ProbeSpec& spec, uint32_t number) const {
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

bool SideWorld::AnswersLocally() const {
  return way == CarriedBy::kSst || way == CarriedBy::kRedsocks || way == CarriedBy::kSshuttle;
}

double SideWorld::ConnectMs() const { return AnswersLocally() || way == CarriedBy::kForward ? kLocalMs : rtt_ms; }

Attempt SideWorld::Default(const v1::ProbeSpec& spec) const {
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
      if (!conversation.tls)
        return Of({Done(v1::CONNECT, ConnectMs()), Failed(v1::TLS_HANDSHAKE, v1::TLS_PROTOCOL, rtt_ms)});
      const Attempt talked = Postgres(conversation);
      return Of({talked.steps(0), talked.steps(2)});
    }
    case v1::ProbeSpec::kPostgres: return PostgresAsked(spec.postgres());
    case v1::ProbeSpec::kHttp: return Http(spec.http());
    case v1::ProbeSpec::kSql: return Sql(spec.sql());
    default: return Of({});
  }
}

Attempt SideWorld::Dns(const v1::DnsProbe& probe) const {
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

Attempt SideWorld::Tunnel(const v1::TunnelProbe& probe) const {
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

Attempt SideWorld::Tcp(const v1::ProbeSpec& spec) const {
  const v1::TcpProbe& probe = spec.tcp();
  const double far_ms = way == CarriedBy::kInside ? 0.3 : rtt_ms;
  if (spec.role() == v1::NEGATIVE_CONTROL) {
    if (AnswersLocally()) return Of({Done(v1::CONNECT, ConnectMs())});
    // A forward's other destinations go out by the ordinary way, and are lost there.
    const bool unused = spec.target().find(absl::StrCat(":", probe.endpoint().port(), "/")) != std::string::npos;
    if (unused || way == CarriedBy::kForward) return NoConnect(v1::TIMED_OUT, 2000);
    return NoConnect(v1::REFUSED, far_ms);
  }
  if (spec.role() == v1::POSITIVE_CONTROL && way == CarriedBy::kForward) return NoConnect(v1::TIMED_OUT, 5000);
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

Attempt SideWorld::Http(const v1::HttpProbe& probe) const {
  std::vector<v1::Step> steps = {Done(v1::CONNECT, ConnectMs())};
  if (probe.tls()) steps.push_back(Postgres(conversation).steps(2));
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

Attempt SideWorld::Sql(const v1::SqlProbe& probe) const {
  if (!conversation.credentials) return Of({Done(v1::CLIENT_CONNECT, rtt_ms * 6)});
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

Attempt SideWorld::PostgresAsked(const v1::PostgresProbe& probe) const {
  Conversation said = conversation;
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
