// One row: what is said, of which run, and the run. Worlds that several rows share stand above the table.
#include "controller/diagnose/rule_rows.h"

#include <utility>

namespace parallax::diagnose {
namespace {

using support::Attempt;
using support::Closed;
using support::Done;
using support::Failed;
using support::Heard;
using support::kNamedTarget;
using support::kTarget;
using support::Mute;
using support::NoConnect;
using support::Of;
using support::Postgres;
using support::PostgresUntil;
using support::RunBuilder;
using support::Said;
using support::Talk;
using support::Way;

constexpr char kWeb[] = "http://10.0.4.172:8080/health";
constexpr char kSecureWeb[] = "https://10.0.4.172/health#/database/status=connected";
constexpr char kPlain[] = "postgres://app@10.0.4.172:5432/app?sslmode=disable";
constexpr char kVerifyFull[] = "postgres://app@db.internal:5432/app?sslmode=verify-full";

Attempt Unexpected(const std::string& bytes, double connect_ms, double ms) {
  v1::Step step = Heard(v1::SSL_REQUEST, bytes, ms);
  step.set_failure(v1::UNEXPECTED_FIRST_BYTE);
  return Of({Done(v1::CONNECT, connect_ms), step});
}

// Names.
RunBuilder NamedOutside(std::vector<std::string> addresses, Way way = Way::kSst) {
  RunBuilder builder(kNamedTarget, way);
  builder.Outside().names["db.internal"] = std::move(addresses);
  return builder;
}
RunBuilder StaleName() {
  RunBuilder builder = NamedOutside({"10.0.4.9"});
  builder.Inside().On("postgres 10.0.4.9", NoConnect(v1::TIMED_OUT, 5000));
  builder.Outside().On("postgres 10.0.4.9", Mute(v1::SSL_REQUEST, 0.5)).Socks("10.0.4.9:5432", v1::TIMED_OUT);
  return builder;
}
RunBuilder PublicName() {
  RunBuilder builder = NamedOutside({"203.0.113.9"}, Way::kRouted);
  builder.Outside().On("postgres 203.0.113.9", NoConnect(v1::REFUSED, 40));
  builder.Inside().On("postgres 203.0.113.9", NoConnect(v1::REFUSED, 40));
  return builder;
}

// Routes.
void ByDefaultRoute(support::Place* place) {
  place->route.set_interface("eth0");
  place->route.set_link_kind(v1::LINK_KIND_ETHERNET);
  place->route.set_matched_prefix("default");
  place->route.set_gateway("192.0.2.1");
  place->carrier.Clear();
  place->carrier.set_kind(v1::DIRECT);
  place->carrier.set_holder_looked_for(true);
  place->banner.Clear();
}
RunBuilder RoutesDeleted() {
  RunBuilder builder;
  ByDefaultRoute(&builder.Outside());
  builder.Outside().NothingConnects(v1::TIMED_OUT);
  return builder;
}
RunBuilder Overlap() {
  RunBuilder builder;
  ByDefaultRoute(&builder.Outside());
  builder.Outside().route.set_matched_prefix("10.0.4.0/24");
  builder.Outside().route.clear_gateway();
  builder.Outside().route.set_connected(true);
  builder.Outside().route.set_neighbour(v1::NEIGHBOUR_STATE_FAILED);
  v1::CompetingRoute* other = builder.Outside().route.add_competing_routes();
  other->set_prefix("10.0.4.0/22");
  other->set_interface("sst");
  builder.Outside().NothingConnects(v1::UNREACHABLE, 3000);
  return builder;
}

// The tunnel.
RunBuilder TunnelKilled() {
  RunBuilder builder;
  support::Place& outside = builder.Outside();
  outside.carrier.clear_holder();
  outside.carrier.clear_connections();
  outside.carrier.clear_socks();
  outside.carrier.set_interface_carrier(false);
  outside.banner.Clear();
  outside.NothingConnects(v1::TIMED_OUT);
  return builder;
}
RunBuilder TunnelStopped() {
  RunBuilder builder;
  builder.Outside().carrier.mutable_holder()->set_process_state(v1::PROCESS_STATE_STOPPED);
  builder.Outside().WithoutSocks().NothingConnects(v1::TIMED_OUT);
  return builder;
}
RunBuilder ForwardGone() {
  RunBuilder builder(kNamedTarget, Way::kForward);
  builder.Outside().carrier.clear_holder();
  builder.Outside().carrier.clear_connections();
  builder.Outside().banner.Clear();
  builder.Outside().On("postgres", NoConnect(v1::REFUSED, 0.05));
  return builder;
}
RunBuilder StaleBastion(double rtt_ms = 40) {  // the incident
  RunBuilder builder(kTarget, Way::kSst, rtt_ms);
  support::Place& outside = builder.Outside();
  outside.Connection()->set_tcp_state(v1::TCP_STATE_SYN_SENT);
  outside.Connection()->clear_rtt_ns();
  outside.Connection()->clear_min_rtt_ns();
  outside.Connection()->set_age_ns(41'000'000'000);
  outside.NoBanner(v1::TIMED_OUT).WithoutSocks().EverythingCloses(0.4);
  return builder;
}
RunBuilder BastionVanished() {
  RunBuilder builder;
  builder.Outside().Connection()->set_unacked(7);
  builder.Outside().Connection()->set_last_ack_ns(20'000'000'000);
  builder.Outside().NoBanner(v1::TIMED_OUT).EverythingIsMute();
  return builder;
}
RunBuilder BastionTurnsAway() {
  RunBuilder builder;
  builder.Outside().carrier.clear_connections();
  builder.Outside().NoBanner(v1::CLOSED_BEFORE_FIRST_BYTE).WithoutSocks().EverythingCloses(0.4);
  return builder;
}
RunBuilder CarrierDead() {
  RunBuilder builder;
  builder.Outside().carrier.clear_connections();
  builder.Outside().WithoutSocks().EverythingCloses(0.4);
  return builder;
}

// The real client beside the probes.
RunBuilder WithClient() {
  RunBuilder builder(kTarget, Way::kRouted);
  builder.options.client = plan::ClientQuestions{true, 1'000'000, 1'000'000};
  return builder;
}
RunBuilder ClientFailsOutside() {
  RunBuilder builder = WithClient();
  builder.Outside().On("sql", Of({Said(v1::CLIENT_CONNECT, "28000", "no pg_hba.conf entry", 40)}));
  return builder;
}

// HTTP.
RunBuilder WebCarrierDead(const char* url) {
  RunBuilder builder(url);
  builder.Outside().carrier.clear_connections();
  builder.Outside().WithoutSocks().EverythingCloses(0.4);
  return builder;
}
RunBuilder WebOutside(const char* url, Attempt attempt, Way way = Way::kSst) {
  RunBuilder builder(url, way);
  builder.Outside().On("http", std::move(attempt));
  return builder;
}
Attempt WebAnswer(const std::string& status) {
  v1::Step expectation = Said(v1::EXPECTATION, status, "status is " + status, 0);
  expectation.set_variant("status");
  expectation.mutable_expectation()->set_seen(status);
  Attempt attempt = Of({Done(v1::CONNECT, 40), Done(v1::REQUEST, 40, 200), Done(v1::BODY, 1, 10), expectation});
  attempt.set_outcome(v1::SERVER_ERROR);
  return attempt;
}
// It redirects, and what stands there fails.
Attempt LaterHop(v1::StepKind kind, v1::Failure failure) {
  std::vector<v1::Step> steps = {Done(v1::CONNECT, 40), Done(v1::REQUEST, 40, 200), Done(v1::BODY, 1, 10)};
  std::vector<v1::Step> hop = {Failed(kind, failure, 41)};
  if (kind != v1::CONNECT) hop.insert(hop.begin(), Done(v1::CONNECT, 40));
  for (v1::Step& step : hop) {
    step.set_variant("hop 2");
    steps.push_back(step);
  }
  Attempt attempt = Of(std::move(steps));
  attempt.set_outcome(failure);
  return attempt;
}
RunBuilder CarrierDeadUnprivileged() {
  RunBuilder builder;
  builder.Outside().carrier.clear_connections();
  builder.Outside().WithoutSocks().WithoutPrivilege().EverythingCloses(0.4);
  return builder;
}
RunBuilder ForwardingDenied() {
  RunBuilder builder;
  builder.Outside().EverythingCloses(45);
  return builder;
}
RunBuilder ForwardingDeniedBehindRedsocks() {
  RunBuilder builder(kTarget, Way::kRedsocks);
  builder.Outside().EverythingIsMute().Socks("*", v1::CLOSED_BEFORE_FIRST_BYTE);
  return builder;
}

// Beyond the bastion.
RunBuilder RefusedBeyond() {
  RunBuilder builder;
  builder.Outside().On("postgres", Closed(v1::SSL_REQUEST, 0.5, 45));
  builder.Outside().Socks("10.0.4.172:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
  return builder;
}
RunBuilder RefusedBeyondBehindRedsocks() {
  RunBuilder builder(kTarget, Way::kRedsocks);
  builder.Outside().On("postgres", Mute(v1::SSL_REQUEST, 0.5));
  builder.Outside().Socks("10.0.4.172:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
  return builder;
}
RunBuilder RefusedWithoutTunnel() {
  RunBuilder builder(kTarget, Way::kRouted);
  builder.Outside().On("postgres", NoConnect(v1::REFUSED, 40));
  return builder;
}
RunBuilder DroppedBeyond() {
  RunBuilder builder;
  builder.Outside().On("postgres", Mute(v1::SSL_REQUEST, 0.5));
  builder.Outside().Socks("10.0.4.172:5432", v1::TIMED_OUT);
  return builder;
}
// No tunnel anywhere: the private address goes to the internet, whose provider drops or refuses it.
RunBuilder NoTunnelAtAll(v1::Failure failure, double ms) {
  RunBuilder builder(kTarget, Way::kRouted);
  ByDefaultRoute(&builder.Outside());
  builder.Outside().NothingConnects(failure, ms);
  return builder;
}
// Established, its bastion well, and nothing comes back from anywhere.
RunBuilder TunnelMute(uint32_t unanswered) {
  RunBuilder builder;
  builder.Outside().Connection()->set_unacked(unanswered > 0 ? 3 : 0);
  builder.Outside().Connection()->set_unanswered_retransmits(unanswered);
  builder.Outside().WithoutSocks().EverythingIsMute();
  return builder;
}
RunBuilder DroppedWithoutTunnel() {
  RunBuilder builder(kTarget, Way::kRouted);
  builder.Outside().On("postgres", NoConnect(v1::TIMED_OUT, 5000));
  return builder;
}

// Stages.
RunBuilder EndsAt(v1::Step failed, Way way = Way::kRouted) {
  RunBuilder builder(kTarget, way);
  builder.Outside().On("postgres", PostgresUntil(std::move(failed), builder.Outside().talk));
  return builder;
}
// TLS hangs on a connection that is the server's own, and this is what TCP says of it at the end.
RunBuilder HelloUnanswered(uint32_t out_of_order, uint32_t unacked) {
  RunBuilder builder(kTarget, Way::kRouted);
  support::Attempt attempt = PostgresUntil(Failed(v1::TLS_HANDSHAKE, v1::TIMED_OUT, 5000), builder.Outside().talk);
  v1::TcpInfo* end = attempt.add_connections()->mutable_at_end();
  end->set_out_of_order(out_of_order);
  end->set_unacked(unacked);
  for (v1::Step& step : *attempt.mutable_steps()) step.set_connection(1);
  builder.Outside().On("postgres", attempt);
  builder.Investigate();
  return builder;
}
RunBuilder HelloSwallowed() {
  RunBuilder builder = EndsAt(Failed(v1::TLS_HANDSHAKE, v1::TIMED_OUT, 5000));
  builder.Investigate();
  return builder;
}
RunBuilder LargeSwallowed() {
  RunBuilder builder = HelloSwallowed();
  v1::Step large = Failed(v1::MESSAGE_SIZE, v1::TIMED_OUT, 5000);
  large.set_variant("startup");
  builder.Outside().On("message-size", Of({Done(v1::CONNECT, 40), Heard(v1::SSL_REQUEST, "S", 40),
                                           Failed(v1::TLS_HANDSHAKE, v1::TIMED_OUT, 5000), large}));
  return builder;
}

// The target.
RunBuilder BothSay(const Attempt& inside, const Attempt& outside, Way way = Way::kRouted) {
  RunBuilder builder(kTarget, way);
  builder.Inside().On("postgres", inside);
  builder.Outside().On("postgres", outside);
  return builder;
}
RunBuilder Down() {
  RunBuilder builder = BothSay(NoConnect(v1::REFUSED, 0.4), Closed(v1::SSL_REQUEST, 0.5, 45), Way::kSst);
  builder.Outside().Socks("10.0.4.172:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
  return builder;
}
RunBuilder SilentForBoth() {
  RunBuilder builder = BothSay(NoConnect(v1::TIMED_OUT, 5000), Mute(v1::SSL_REQUEST, 0.5), Way::kSst);
  builder.Inside().On("must-not-connect", NoConnect(v1::TIMED_OUT, 2000));
  builder.Outside().Socks("10.0.4.172:5432", v1::TIMED_OUT);
  return builder;
}
RunBuilder Frozen() {
  RunBuilder builder = BothSay(Mute(v1::SSL_REQUEST, 0.4), Mute(v1::SSL_REQUEST, 40));
  const auto mute = [](double ms) {
    Attempt attempt =
        Of({Done(v1::CONNECT, ms), Done(v1::LISTEN_UNASKED, 1500), Failed(v1::HTTP_LINE, v1::TIMED_OUT, 5000)});
    attempt.set_outcome(v1::NONE);
    return attempt;
  };
  builder.Inside().On("listen-then-http", mute(0.4));
  builder.Outside().On("listen-then-http", mute(40));
  builder.Investigate();
  return builder;
}
RunBuilder WaitsForHttp() {
  RunBuilder builder = Frozen();
  const auto speaks = [](double ms) {
    return Of({Done(v1::CONNECT, ms), Done(v1::LISTEN_UNASKED, 1500), Heard(v1::HTTP_LINE, "HTTP/1.0 200 OK\r\n", ms)});
  };
  builder.Inside().On("listen-then-http", speaks(0.4));
  builder.Outside().On("listen-then-http", speaks(40));
  return builder;
}
RunBuilder OtherServer() {
  RunBuilder builder;
  builder.Outside().talk.certificate = support::kOtherCertificate;
  builder.Outside().talk.system_identifier = "7310000000000000777";
  return builder;
}
RunBuilder OtherDatabaseServer() {  // another VPC's database: it does not know ours
  RunBuilder builder = EndsAt(Said(v1::READY, "3D000", "database \"app\" does not exist", 40));
  return builder;
}
RunBuilder Late(double ms) {
  RunBuilder builder(kTarget, Way::kRouted);
  builder.Inside().talk.first_byte_ms = ms;
  builder.Outside().talk.first_byte_ms = ms + 40;
  return builder;
}

// TLS.
RunBuilder Intercepted() {
  RunBuilder builder;
  builder.Outside().talk.certificate = support::kOtherCertificate;
  builder.Outside().talk.issuer = "CN=Inspection Box";
  builder.Outside().talk.offered = {"scram-sha-256"};
  builder.Outside().talk.channel_bound = false;
  return builder;
}
RunBuilder BindingFails() {
  RunBuilder builder = Intercepted();
  builder.Outside().talk.channel_bound = true;
  builder.Outside().talk.offered = {"scram-sha-256", "scram-sha-256-plus"};
  builder.Outside().On("postgres",
                       PostgresUntil(Said(v1::AUTHENTICATION, "28000", "SCRAM channel binding check failed", 80),
                                     builder.Outside().talk));
  return builder;
}
RunBuilder NoTls(bool inside, bool outside) {
  RunBuilder builder;
  builder.Inside().talk.tls = inside;
  builder.Outside().talk.tls = outside;
  return builder;
}
RunBuilder PlainRejected(bool investigate) {
  RunBuilder builder(kPlain, Way::kRouted);
  const auto rejected = [](double ms) {
    return PostgresUntil(Said(v1::STARTUP, "28000", "no pg_hba.conf entry for host \"10.0.8.50\", no encryption", ms),
                         {}, v1::DISABLE);
  };
  builder.Inside().On("postgres", rejected(0.4));
  builder.Outside().On("postgres", rejected(40));
  if (investigate) builder.Investigate();
  return builder;
}
RunBuilder Certificate(const std::string& url, void (*change)(Talk*)) {
  RunBuilder builder(url);
  change(&builder.Inside().talk);
  change(&builder.Outside().talk);
  return builder;
}
void OutOfDate(Talk* talk) {
  talk->within_dates = false;
  talk->verify_error = "certificate has expired";
}
void ForAnother(Talk* talk) {
  talk->name_matches = false;
  talk->verify_error = "it names db.example.com";
}
void OfNobody(Talk* talk) {
  talk->trusted = false;
  talk->verify_error = "unable to get local issuer certificate";
}

// The outside goes through a forward, and what answers at its end has no TLS.
constexpr char kPrefer[] = "postgres://app@10.0.4.172:5432/app";
RunBuilder PlainBehindForward() {
  RunBuilder builder(kNamedTarget, Way::kForward);
  builder.Outside().talk.tls = false;
  return builder;
}
RunBuilder ForwardPortTaken() {  // a PostgreSQL of this host's own listens where the forward should
  RunBuilder builder = PlainBehindForward();
  builder.Outside().carrier.mutable_holder()->set_name("postgres");
  builder.Outside().carrier.clear_connections();
  builder.Outside().banner.Clear();
  return builder;
}
RunBuilder OffersBindingInPlain(RunBuilder builder) {
  builder.Outside().talk.binding_in_plain = true;
  builder.Investigate();
  return builder;
}
RunBuilder OtherServerWithoutTls() {
  RunBuilder builder(kPrefer);
  builder.Outside().talk.tls = false;
  builder.Outside().talk.system_identifier = "7310000000000000777";
  return builder;
}

// Clocks. The certificate is valid around 2026-09-21, which is when these runs are.
constexpr int64_t kNow = 1'790'000'000;
constexpr int64_t kDay = 86'400;
void ClockOff(support::Place* place, int64_t days) {
  place->side.set_clock_uncertainty_ns(1'000'000);
  place->side.set_clock_offset_ns(days * kDay * 1'000'000'000);
  place->talk.clock_unix = kNow + days * kDay;
  place->talk.within_dates =
      place->talk.not_before_unix <= place->talk.clock_unix && place->talk.clock_unix <= place->talk.not_after_unix;
  if (!place->talk.within_dates) place->talk.verify_error = "certificate has expired";
}
RunBuilder Clocks(int64_t inside_days, int64_t outside_days, int64_t valid_from_days, int64_t valid_until_days) {
  RunBuilder builder(kVerifyFull);
  builder.Outside().side.set_vantage("exec:limactl shell vm parallax-agent stdio");
  for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
    place->talk.not_before_unix = kNow + valid_from_days * kDay;
    place->talk.not_after_unix = kNow + valid_until_days * kDay;
  }
  ClockOff(&builder.Inside(), inside_days);
  ClockOff(&builder.Outside(), outside_days);
  return builder;
}

// Addresses that mean each side's own host.
RunBuilder LeadsToItself(const char* address, bool inside_too) {
  RunBuilder builder = NamedOutside({address});
  if (inside_too) builder.Inside().names["db.internal"] = {address};
  const std::string there = std::string("postgres ") + address;
  builder.Inside().On(there, NoConnect(v1::REFUSED, 0.05));
  builder.Outside().On(there, NoConnect(v1::REFUSED, 0.05));
  return builder;
}
RunBuilder LoopbackMeant(bool one_host) {
  RunBuilder builder("postgres://app@127.0.0.1:5432/app?sslmode=require", Way::kRouted);
  if (one_host) *builder.Outside().side.mutable_agent() = builder.Inside().side.agent();
  builder.Inside().On("postgres", NoConnect(v1::REFUSED, 0.05));
  builder.Outside().On("postgres", NoConnect(v1::REFUSED, 0.05));
  return builder;
}
// Of two addresses one is silent altogether, and at the other a closed port is refused.
RunBuilder SilentBesideARefusal() {
  RunBuilder builder(kNamedTarget, Way::kRouted);
  for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
    place->names["db.internal"] = {"10.0.4.172", "10.0.4.173"};
    for (const char* probe : {"postgres", "must-not-connect"}) place->On(probe, NoConnect(v1::TIMED_OUT, 5000));
    place->On("must-not-connect 10.0.4.173", NoConnect(v1::REFUSED, 0.4));
  }
  return builder;
}

// The server's own words.
RunBuilder Words(v1::StepKind kind, const char* code, const char* message, bool inside, bool outside) {
  RunBuilder builder;
  if (inside) builder.Inside().On("postgres", PostgresUntil(Said(kind, code, message, 0.4), builder.Inside().talk));
  if (outside) builder.Outside().On("postgres", PostgresUntil(Said(kind, code, message, 42), builder.Outside().talk));
  return builder;
}
// The outside's password is rejected; where the values came from, and whether TLS shows whose server it is.
RunBuilder RejectedOutside(const char* url, const char* inside_origin, const char* outside_origin) {
  RunBuilder builder(url);
  builder.Inside().talk.secret_origin = inside_origin;
  builder.Outside().talk.secret_origin = outside_origin;
  const bool tls = url != std::string_view(kPlain);
  builder.Outside().On("postgres",
                       PostgresUntil(Said(v1::AUTHENTICATION, "28P01", "password authentication failed", 42),
                                     builder.Outside().talk, tls ? v1::REQUIRE : v1::DISABLE));
  return builder;
}
constexpr char kSent[] = "sent by the controller";
constexpr char kEnvironment[] = "environment of the agent";
constexpr char kNoEntry[] = "no pg_hba.conf entry for host \"10.0.3.110\", user \"app\", database \"app\"";

constexpr char kTargetV6[] = "postgres://app@[fd00:4::172]:5432/app?sslmode=require";
RunBuilder NoIpv6() {
  RunBuilder builder(kTargetV6, Way::kRouted);
  builder.Outside().On("postgres", NoConnect(v1::NO_ROUTE, 0.01)).On("must-not-connect", NoConnect(v1::NO_ROUTE, 0.01));
  builder.Outside().route.Clear();
  return builder;
}
RunBuilder BehindAPooler(bool same_certificate) {  // no identifier, and another backend each time
  RunBuilder builder;
  builder.Inside().talk.system_identifier.clear();
  builder.Outside().talk.system_identifier.clear();
  builder.Outside().talk.server_address = "10.0.4.201:5432";
  if (!same_certificate) builder.Outside().talk.certificate = support::kOtherCertificate;
  return builder;
}
// A name for several readers, each of which a side gets at random; both sides see the same at each address.
RunBuilder TwoReaders(const std::string& other_identifier) {
  RunBuilder builder = NamedOutside({"10.0.4.173"});
  for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
    Talk other = place->talk;
    other.certificate = support::kOtherCertificate;
    if (!other_identifier.empty()) other.system_identifier = other_identifier;
    place->On("postgres 10.0.4.173", support::Postgres(other));
  }
  return builder;
}
// Without a positive control that answers inside, SOCKS closes for all.
RunBuilder AllClosedAndNoControl() {
  RunBuilder builder = ForwardingDenied();
  builder.Inside().On("must-answer", NoConnect(v1::TIMED_OUT, 5000));
  return builder;
}

RunBuilder OneOfThreeFails(Way way, Attempt failed) {
  RunBuilder builder(kTarget, way);
  builder.Outside().OnAttempt(2, "postgres", std::move(failed));
  return builder;
}

// The laptop left its network: no name resolves, and its kernel has no way to the bastion.
RunBuilder NoNetwork() {
  RunBuilder builder = NamedOutside({}, Way::kSst);
  builder.Outside().NoBanner(v1::NO_ROUTE).EverythingIsMute();
  return builder;
}
RunBuilder ErrorAtOnce() {
  v1::Step step = Heard(v1::SSL_REQUEST, "Ecould not fork new process for connection", 0.5);
  step.set_failure(v1::UNEXPECTED_FIRST_BYTE);
  return BothSay(support::Of({Done(v1::CONNECT, 0.4), step}), support::Of({Done(v1::CONNECT, 0.4), step}));
}

// The tunnel took its interface along after its route had been looked up.
RunBuilder TunnelEndedMeanwhile() {
  RunBuilder builder;
  builder.Outside().carrier.Clear();
  builder.Outside().carrier.set_kind(v1::DIRECT);
  builder.Outside().carrier.set_interface("eth0");
  builder.Outside().banner.Clear();
  builder.Outside().WithoutSocks().NothingConnects(v1::TIMED_OUT);
  return builder;
}
// A forward has no other destinations to ask.
RunBuilder ForwardSentInVain() {
  RunBuilder builder(kNamedTarget, Way::kForward);
  builder.Outside().Connection()->set_unacked(2);
  builder.Outside().Connection()->set_unanswered_retransmits(4);
  builder.Outside().On("postgres", Mute(v1::SSL_REQUEST, 0.1));
  return builder;
}
// A network here owns the address, and somebody on it answers as a PostgreSQL.
RunBuilder OverlapWithAServer() {
  RunBuilder builder = Overlap();
  builder.Outside().talk.certificate = support::kOtherCertificate;
  builder.Outside().talk.system_identifier = "7310000000000000009";
  builder.Outside().On("postgres", support::Postgres(builder.Outside().talk));
  return builder;
}

constexpr RuleRow kRows[] = {
    {"dns.unresolved_everywhere", Says::kVerdict, v1::BOTH_FAILED, "neither side knows the name",
     [] {
       RunBuilder builder = NamedOutside({});
       builder.Inside().names.clear();
       return builder;
     }},
    {"dns.unresolved_everywhere", Says::kSilent, v1::DIVERGED, "one side knows it", [] { return NamedOutside({}); }},
    {"dns.unresolved_outside", Says::kVerdict, v1::DIVERGED, "the laptop does not know the private name",
     [] { return NamedOutside({}); }},
    {"dns.unresolved_outside", Says::kSilent, v1::HEALTHY, "the laptop does not go by the name",
     [] { return NamedOutside({}, Way::kForward); }},
    {"dns.unresolved_outside", Says::kSilent, v1::DIVERGED, "it is known, and leads nowhere", &StaleName},
    {"dns.unresolved_outside", Says::kSilent, v1::DIVERGED, "the laptop has no network at all", &NoNetwork},
    {"tunnel.bastion_unreachable", Says::kVerdict, v1::DIVERGED, "the laptop has no network at all", &NoNetwork},
    {"target.not_postgres", Says::kVerdict, v1::BOTH_FAILED, "an error before any login: it may be", &ErrorAtOnce},
    {"dns.stale_answer", Says::kVerdict, v1::DIVERGED, "an old address that is silent from inside too", &StaleName},
    {"dns.stale_answer", Says::kSilent, v1::DIVERGED, "a public address is not an old one of the VPC", &PublicName},
    {"dns.split_horizon", Says::kVerdict, v1::DIVERGED, "outside the name leads to a public address", &PublicName},
    {"dns.split_horizon", Says::kVerdict, v1::DIVERGED, "it leads to another server, which works",
     [] { return TwoReaders("7310000000000000777"); }},
    {"dns.split_horizon", Says::kBeside, v1::HEALTHY, "members of one cluster, each side at one",
     [] { return TwoReaders(""); }},
    {"dns.split_horizon", Says::kExplained, v1::DIVERGED, "the old address is the better word", &StaleName},
    {"dns.split_horizon", Says::kSilent, v1::DIVERGED, "the name is the same, and the carrier is dead",
     [] {
       RunBuilder builder(kNamedTarget);
       builder.Outside().carrier.clear_connections();
       builder.Outside().WithoutSocks().EverythingCloses(0.4);
       return builder;
     }},

    {"route.overlap", Says::kVerdict, v1::DIVERGED, "the local network owns the address", &Overlap},
    {"route.overlap", Says::kSilent, v1::DIVERGED, "it leaves by the default route", &RoutesDeleted},
    {"route.overlap", Says::kSilent, v1::HEALTHY, "the more specific way is one that works",
     [] {
       RunBuilder builder;
       ByDefaultRoute(&builder.Outside());
       builder.Outside().route.set_matched_prefix("10.0.4.0/24");
       return builder;
     }},
    {"route.overlap", Says::kSilent, v1::DIVERGED, "the other route is by a device whose name begins like the tunnel's",
     [] {
       RunBuilder builder = Overlap();
       builder.Outside().route.set_connected(false);
       builder.Outside().route.mutable_competing_routes(0)->set_interface("sst0");
       return builder;
     }},
    {"route.not_through_tunnel", Says::kVerdict, v1::DIVERGED, "the tunnel is up and its routes are gone",
     &RoutesDeleted},
    {"route.not_through_tunnel", Says::kVerdict, v1::DIVERGED, "no route to the address, though others answer", &NoIpv6},
    {"route.not_through_tunnel", Says::kSilent, v1::DIVERGED, "without a tunnel, others answer by the default route",
     &DroppedWithoutTunnel},
    {"route.not_through_tunnel", Says::kSilent, v1::DIVERGED, "a local network takes it", &Overlap},

    {"tunnel.not_running", Says::kVerdict, v1::DIVERGED, "the interface stayed behind", &TunnelKilled},
    {"tunnel.not_running", Says::kVerdict, v1::DIVERGED, "the process is stopped", &TunnelStopped},
    {"tunnel.not_running", Says::kVerdict, v1::DIVERGED, "the forward's port refuses", &ForwardGone},
    {"tunnel.not_running", Says::kVerdict, v1::DIVERGED, "it ended while it was looked at", &TunnelEndedMeanwhile},
    {"tunnel.carrier_dead", Says::kVerdict, v1::DIVERGED, "a forward over which all is sent in vain", &ForwardSentInVain},
    {"route.overlap", Says::kVerdict, v1::DIVERGED, "another server answers on the local network", &OverlapWithAServer},
    {"target.wrong_server", Says::kExplained, v1::DIVERGED, "it answers on the local network", &OverlapWithAServer},
    {"tunnel.not_running", Says::kVerdict, v1::DIVERGED, "no tunnel is there, and the provider drops what is private",
     [] { return NoTunnelAtAll(v1::TIMED_OUT, 5000); }},
    {"tunnel.not_running", Says::kVerdict, v1::DIVERGED, "no tunnel is there, and the provider refuses what is private",
     [] { return NoTunnelAtAll(v1::REFUSED, 12); }},
    {"tunnel.carrier_dead", Says::kVerdict, v1::DIVERGED, "what is sent over it is sent again in vain",
     [] { return TunnelMute(3); }},
    {"tunnel.carrier_dead", Says::kVerdict, v1::DIVERGED, "nothing comes back, and nothing shows yet that it is lost",
     [] { return TunnelMute(0); }},
    {"vpc.dropped_beyond_bastion", Says::kSilent, v1::DIVERGED, "other destinations are as silent",
     [] { return TunnelMute(3); }},
    {"tunnel.not_running", Says::kSilent, v1::DIVERGED, "the process is there, its connection is not", &CarrierDead},
    {"tunnel.not_running", Says::kSilent, v1::DIVERGED, "the process is there and waits for the bastion",
     [] { return StaleBastion(); }},
    {"tunnel.bastion_unreachable", Says::kVerdict, v1::DIVERGED, "the incident: started against a stale address",
     [] { return StaleBastion(); }},
    {"tunnel.bastion_unreachable", Says::kVerdict, v1::DIVERGED, "it vanished under a running tunnel",
     &BastionVanished},
    {"tunnel.bastion_unreachable", Says::kSilent, v1::DIVERGED, "a fresh connection gets its banner", &CarrierDead},
    {"tunnel.bastion_unreachable", Says::kSilent, v1::DIVERGED, "it answers, and hangs up", &BastionTurnsAway},
    {"tunnel.bastion_refuses_sessions", Says::kVerdict, v1::DIVERGED, "fresh connections are hung up",
     &BastionTurnsAway},
    {"tunnel.bastion_refuses_sessions", Says::kVerdict, v1::DIVERGED, "three of five get their banner",
     [] {
       RunBuilder builder = CarrierDead();
       builder.Outside().banner.set_answered(3);
       return builder;
     }},
    {"tunnel.bastion_refuses_sessions", Says::kSilent, v1::DIVERGED, "it does not answer at all",
     [] { return StaleBastion(); }},
    {"tunnel.carrier_dead", Says::kVerdict, v1::DIVERGED, "everything is closed here, and the bastion is well",
     &CarrierDead},
    {"tunnel.carrier_dead", Says::kVerdict, v1::DIVERGED, "the same, seen without privilege", &CarrierDeadUnprivileged},
    {"tunnel.carrier_dead", Says::kSilent, v1::DIVERGED, "everything is closed a round trip away", &ForwardingDenied},
    {"tunnel.carrier_dead", Says::kSilent, v1::DIVERGED, "the bastion's address answers nobody",
     [] { return StaleBastion(); }},
    {"tunnel.forwarding_denied", Says::kVerdict, v1::DIVERGED, "everything is closed a round trip away",
     &ForwardingDenied},
    {"tunnel.forwarding_denied", Says::kVerdict, v1::DIVERGED, "behind redsocks only SOCKS tells",
     &ForwardingDeniedBehindRedsocks},
    {"tunnel.forwarding_denied", Says::kSilent, v1::DIVERGED, "others answer by the same way", &RefusedBeyond},
    {"tunnel.forwarding_denied", Says::kSilent, v1::DIVERGED, "what else is turned down does not answer inside either",
     &AllClosedAndNoControl},

    {"target.not_postgres", Says::kVerdict, v1::BOTH_FAILED, "it answers H",
     [] { return BothSay(Unexpected("H", 0.4, 0.4), Unexpected("H", 40, 40)); }},
    {"target.not_postgres", Says::kVerdict, v1::BOTH_FAILED, "it speaks first, and begins with S",
     [] {
       return BothSay(Unexpected("SSH-2.0-OpenSSH_9.2\r\n", 0.4, 0.4), Unexpected("SSH-2.0-OpenSSH_9.2\r\n", 40, 40));
     }},
    {"target.not_postgres", Says::kVerdict, v1::BOTH_FAILED, "it waits for an HTTP line", &WaitsForHttp},
    {"target.not_postgres", Says::kSilent, v1::BOTH_FAILED, "it is silent to an HTTP line too", &Frozen},
    {"target.not_postgres", Says::kSilent, v1::DIVERGED, "only outside something else answers",
     [] {
       RunBuilder builder(kTarget, Way::kRouted);
       builder.Outside().On("postgres", Unexpected("H", 40, 40));
       return builder;
     }},
    {"target.down", Says::kVerdict, v1::BOTH_FAILED, "refused inside, closed beyond the bastion outside", &Down},
    {"target.down", Says::kSilent, v1::DIVERGED, "inside it is open", &RefusedBeyond},
    {"target.down", Says::kSilent, v1::BOTH_FAILED, "a name that leads each side to itself, by 0.0.0.0",
     [] { return LeadsToItself("0.0.0.0", true); }},
    {"target.down", Says::kSilent, v1::BOTH_FAILED, "a name that leads each side to itself, by 127.0.0.1",
     [] { return LeadsToItself("127.0.0.1", true); }},
    {"unexplained", Says::kVerdict, v1::BOTH_FAILED, "a name that leads each side to itself, by ::1",
     [] { return LeadsToItself("::1", true); }},
    {"target.down", Says::kSilent, v1::DIVERGED, "outside the name leads that host to itself",
     [] { return LeadsToItself("127.0.0.1", false); }},
    {"dns.split_horizon", Says::kVerdict, v1::DIVERGED, "outside the name leads that host to itself",
     [] { return LeadsToItself("127.0.0.1", false); }},
    {"target.down", Says::kSilent, v1::BOTH_FAILED, "127.0.0.1 is another host for each side",
     [] { return LoopbackMeant(false); }},
    {"target.down", Says::kVerdict, v1::BOTH_FAILED, "on 127.0.0.1 of the one host that both sides stand on",
     [] { return LoopbackMeant(true); }},
    {"target.unreachable", Says::kVerdict, v1::BOTH_FAILED, "silent on both sides", &SilentForBoth},
    {"target.unreachable", Says::kVerdict, v1::BOTH_FAILED, "at the one address, while the other refuses a closed port",
     &SilentBesideARefusal},
    {"target.unreachable", Says::kSilent, v1::BOTH_FAILED, "refused on both sides", &Down},
    {"target.unreachable", Says::kSilent, v1::DIVERGED, "inside it answers", &DroppedBeyond},
    {"target.frozen", Says::kVerdict, v1::BOTH_FAILED, "accepts, and is silent to anything", &Frozen},
    {"target.frozen", Says::kSilent, v1::BOTH_FAILED, "it answers an HTTP line", &WaitsForHttp},
    {"target.frozen", Says::kSilent, v1::BOTH_FAILED, "it does not even accept", &SilentForBoth},
    {"target.wrong_server", Says::kVerdict, v1::DIVERGED, "another system identifier", &OtherServer},
    {"target.wrong_server", Says::kVerdict, v1::DIVERGED, "it has no such database, which it has inside",
     &OtherDatabaseServer},
    {"target.wrong_server", Says::kSilent, v1::HEALTHY, "a pooler has several servers and one certificate",
     [] { return BehindAPooler(true); }},
    {"target.wrong_server", Says::kVerdict, v1::DIVERGED, "another address and another certificate",
     [] { return BehindAPooler(false); }},
    {"target.wrong_server", Says::kSilent, v1::DIVERGED, "the same server behind another certificate", &Intercepted},

    {"tls.intercepted", Says::kVerdict, v1::DIVERGED, "another certificate, and the same server behind it",
     &Intercepted},
    {"tls.intercepted", Says::kVerdict, v1::DIVERGED, "what is bound to the certificate is turned down", &BindingFails},
    {"tls.intercepted", Says::kSilent, v1::DIVERGED, "another server has another certificate", &OtherServer},
    {"tls.stripped", Says::kVerdict, v1::DIVERGED, "S inside, N outside", [] { return NoTls(true, false); }},
    {"tls.stripped", Says::kVerdict, v1::DIVERGED, "both work under prefer, and one of them in plain text",
     [] {
       RunBuilder builder("postgres://app@10.0.4.172:5432/app");
       builder.Outside().talk.tls = false;
       return builder;
     }},
    {"tls.stripped", Says::kSilent, v1::BOTH_FAILED, "N on both sides", [] { return NoTls(false, false); }},
    {"tls.stripped", Says::kVerdict, v1::DIVERGED, "what is bound to TLS is offered over plain text",
     [] { return OffersBindingInPlain(NoTls(true, false)); }},
    {"tls.stripped", Says::kVerdict, v1::DIVERGED, "the same at the end of a forward",
     [] { return OffersBindingInPlain(PlainBehindForward()); }},
    {"target.wrong_server", Says::kSilent, v1::DIVERGED, "what is bound to TLS is offered at the end of a forward",
     [] { return OffersBindingInPlain(PlainBehindForward()); }},
    {"tls.stripped", Says::kSilent, v1::DIVERGED, "another server, which has no TLS", &OtherServerWithoutTls},
    {"target.wrong_server", Says::kVerdict, v1::DIVERGED, "another server, which has no TLS", &OtherServerWithoutTls},
    {"tls.stripped", Says::kSilent, v1::DIVERGED, "a forward leads to what has no TLS", &PlainBehindForward},
    {"target.wrong_server", Says::kVerdict, v1::DIVERGED, "a forward leads to what has no TLS", &PlainBehindForward},
    {"tls.stripped", Says::kSilent, v1::DIVERGED, "the forward's port is taken", &ForwardPortTaken},
    {"target.wrong_server", Says::kVerdict, v1::DIVERGED, "the forward's port is taken", &ForwardPortTaken},
    {"tls.not_offered", Says::kVerdict, v1::BOTH_FAILED, "N on both sides", [] { return NoTls(false, false); }},
    {"tls.not_offered", Says::kSilent, v1::DIVERGED, "S inside", [] { return NoTls(true, false); }},
    {"tls.required_by_server", Says::kVerdict, v1::BOTH_FAILED, "plain text rejected, TLS taken",
     [] { return PlainRejected(true); }},
    {"tls.required_by_server", Says::kSilent, v1::BOTH_FAILED, "rejected over TLS as well",
     [] { return Words(v1::STARTUP, "28000", kNoEntry, true, true); }},
    {"tls.expired", Says::kVerdict, v1::BOTH_FAILED, "under verify-full",
     [] { return Certificate(kVerifyFull, &OutOfDate); }},
    {"tls.expired", Says::kBeside, v1::HEALTHY, "under require it is a note",
     [] { return Certificate(kNamedTarget, &OutOfDate); }},
    {"tls.expired", Says::kSilent, v1::BOTH_FAILED, "another name is no date",
     [] { return Certificate(kVerifyFull, &ForAnother); }},
    {"tls.expired", Says::kVerdict, v1::DIVERGED, "the outside's clock is far ahead of two others",
     [] { return Clocks(0, 400, -100, 300); }},
    {"tls.expired", Says::kVerdict, v1::DIVERGED, "the inside's clock is behind, and it is not valid there yet",
     [] { return Clocks(-400, 0, -100, 300); }},
    {"tls.expired", Says::kVerdict, v1::DIVERGED, "it has expired, and the inside's clock is behind",
     [] { return Clocks(-400, 0, -500, -100); }},
    {"tls.expired", Says::kSilent, v1::HEALTHY, "the clocks are apart, and it is valid by each",
     [] { return Clocks(0, 20, -100, 300); }},
    {"tls.name_mismatch", Says::kVerdict, v1::BOTH_FAILED, "under verify-full",
     [] { return Certificate(kVerifyFull, &ForAnother); }},
    {"tls.name_mismatch", Says::kSilent, v1::BOTH_FAILED, "an unknown root is no other name",
     [] { return Certificate(kVerifyFull, &OfNobody); }},
    {"tls.untrusted", Says::kVerdict, v1::BOTH_FAILED, "under verify-full",
     [] { return Certificate(kVerifyFull, &OfNobody); }},
    {"tls.untrusted", Says::kBeside, v1::HEALTHY, "under require it is a note",
     [] { return Certificate(kNamedTarget, &OfNobody); }},
    {"tls.untrusted", Says::kSilent, v1::BOTH_FAILED, "a wrong name of a known root",
     [] { return Certificate(kVerifyFull, &ForAnother); }},

    {"postgres.source_rejected", Says::kVerdict, v1::DIVERGED, "28000 outside only",
     [] { return Words(v1::STARTUP, "28000", kNoEntry, false, true); }},
    {"postgres.source_rejected", Says::kSilent, v1::BOTH_FAILED, "28000 on both sides",
     [] { return Words(v1::STARTUP, "28000", kNoEntry, true, true); }},
    {"postgres.credentials_differ", Says::kVerdict, v1::DIVERGED, "28P01 outside only",
     [] { return Words(v1::AUTHENTICATION, "28P01", "password authentication failed", false, true); }},
    {"postgres.credentials_differ", Says::kSilent, v1::DIVERGED, "28P01 in one attempt of three: the password is the same",
     [] {
       return OneOfThreeFails(Way::kSst, PostgresUntil(Said(v1::AUTHENTICATION, "28P01", "password authentication failed", 42)));
     }},
    {"postgres.credentials_differ", Says::kVerdict, v1::DIVERGED, "each from its own environment, and nobody shows who he is",
     [] { return RejectedOutside(kPlain, kEnvironment, kEnvironment); }},
    {"postgres.credentials_differ", Says::kVerdict, v1::DIVERGED, "one from its environment, one from the controller",
     [] { return RejectedOutside(kTarget, kEnvironment, kSent); }},
    {"postgres.credentials_differ", Says::kSilent, v1::DIVERGED, "one value was sent to both, and one certificate seen",
     [] { return RejectedOutside(kTarget, kSent, kSent); }},
    {"unexplained", Says::kVerdict, v1::DIVERGED, "one password, one certificate, and two answers",
     [] { return RejectedOutside(kTarget, kSent, kSent); }},
    {"postgres.credentials_differ", Says::kSilent, v1::DIVERGED, "one value was sent to both, and nobody shows who he is",
     [] { return RejectedOutside(kPlain, kSent, kSent); }},
    {"target.wrong_server", Says::kVerdict, v1::DIVERGED, "one password is taken inside only, and nobody shows who he is",
     [] { return RejectedOutside(kPlain, kSent, kSent); }},
    {"target.wrong_server", Says::kSilent, v1::DIVERGED, "the passwords may differ, and nobody shows who he is",
     [] { return RejectedOutside(kPlain, kEnvironment, kEnvironment); }},
    {"postgres.credentials_differ", Says::kSilent, v1::BOTH_FAILED, "28P01 on both sides",
     [] { return Words(v1::AUTHENTICATION, "28P01", "password authentication failed", true, true); }},
    {"postgres.credentials_rejected", Says::kVerdict, v1::BOTH_FAILED, "28P01 on both sides",
     [] { return Words(v1::AUTHENTICATION, "28P01", "password authentication failed", true, true); }},
    {"postgres.credentials_rejected", Says::kVerdict, v1::BOTH_FAILED, "08P01 of a pooler on both sides",
     [] { return Words(v1::AUTHENTICATION, "08P01", "SASL authentication failed", true, true); }},
    {"postgres.credentials_rejected", Says::kSilent, v1::DIVERGED, "28P01 outside only",
     [] { return Words(v1::AUTHENTICATION, "28P01", "password authentication failed", false, true); }},
    {"postgres.database_missing", Says::kVerdict, v1::BOTH_FAILED, "3D000 on both sides",
     [] { return Words(v1::READY, "3D000", "database \"app\" does not exist", true, true); }},
    {"postgres.database_missing", Says::kSilent, v1::DIVERGED, "3D000 outside only",
     [] { return Words(v1::READY, "3D000", "database \"app\" does not exist", false, true); }},
    {"postgres.too_many_connections", Says::kVerdict, v1::BOTH_FAILED, "53300 on both sides",
     [] { return Words(v1::READY, "53300", "sorry, too many clients already", true, true); }},
    {"postgres.too_many_connections", Says::kVerdict, v1::DIVERGED, "53300 for the one that came last",
     [] { return Words(v1::READY, "53300", "sorry, too many clients already", false, true); }},
    {"postgres.too_many_connections", Says::kVerdict, v1::BOTH_FAILED, "a pooler says it at startup",
     [] { return Words(v1::STARTUP, "08P01", "no more connections allowed (max_client_conn)", true, true); }},
    {"postgres.too_many_connections", Says::kSilent, v1::BOTH_FAILED, "another error of a pooler at startup",
     [] { return Words(v1::STARTUP, "08P01", "no such user: app", true, true); }},

    {"vpc.refused_beyond_bastion", Says::kVerdict, v1::DIVERGED, "closed a round trip away, others answer",
     &RefusedBeyond},
    {"vpc.refused_beyond_bastion", Says::kVerdict, v1::DIVERGED, "behind redsocks only SOCKS tells",
     &RefusedBeyondBehindRedsocks},
    {"vpc.refused_beyond_bastion", Says::kVerdict, v1::DIVERGED, "refused without a tunnel", &RefusedWithoutTunnel},
    {"vpc.refused_beyond_bastion", Says::kVerdict, v1::DIVERGED, "ICMP says no after a round trip",
     [] {
       RunBuilder builder(kTarget, Way::kRouted);
       builder.Outside().On("postgres", NoConnect(v1::UNREACHABLE, 41));
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Says::kVerdict, v1::BOTH_FAILED, "inside the server is reached, and rejects the password",
     [] {
       RunBuilder builder = RefusedBeyond();
       builder.Inside().On("postgres", PostgresUntil(Said(v1::AUTHENTICATION, "28P01", "password authentication failed", 1)));
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Says::kSilent, v1::DIVERGED, "refused by this very host, long before anybody else could",
     [] {
       RunBuilder builder;
       builder.Outside().On("postgres", NoConnect(v1::REFUSED, 0.05));
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Says::kSilent, v1::DIVERGED, "no answer is not a no", &DroppedBeyond},
    {"vpc.refused_beyond_bastion", Says::kSilent, v1::DIVERGED, "all are closed", &ForwardingDenied},
    {"vpc.dropped_beyond_bastion", Says::kVerdict, v1::DIVERGED, "silent, others answer", &DroppedBeyond},
    {"vpc.dropped_beyond_bastion", Says::kVerdict, v1::DIVERGED, "silent without a tunnel", &DroppedWithoutTunnel},
    {"vpc.dropped_beyond_bastion", Says::kSilent, v1::DIVERGED, "behind redsocks SOCKS is turned down at once",
     &RefusedBeyondBehindRedsocks},
    {"vpc.dropped_beyond_bastion", Says::kVerdict, v1::DIVERGED, "a router says after seconds that nobody is there",
     [] {
       RunBuilder builder(kTarget, Way::kRouted);
       builder.Outside().On("postgres", NoConnect(v1::UNREACHABLE, 3100));
       return builder;
     }},
    {"vpc.dropped_beyond_bastion", Says::kSilent, v1::DIVERGED, "all are silent", &BastionVanished},
    {"vpc.dropped_beyond_bastion", Says::kSilent, v1::DIVERGED, "it never left this host", &NoIpv6},
    {"vpc.dropped_beyond_bastion", Says::kSilent, v1::DIVERGED, "the connect is real, and the question is swallowed",
     [] { return EndsAt(Failed(v1::SSL_REQUEST, v1::TIMED_OUT, 5000)); }},
    {"vpc.refused_beyond_bastion", Says::kSilent, v1::DIVERGED, "the connect is real, and the question ends it",
     [] { return EndsAt(Failed(v1::SSL_REQUEST, v1::RESET_BEFORE_FIRST_BYTE, 41)); }},
    {"path.stage_reset", Says::kVerdict, v1::DIVERGED, "the ClientHello is answered by an end",
     [] { return EndsAt(Failed(v1::TLS_HANDSHAKE, v1::RESET, 41)); }},
    {"path.stage_reset", Says::kVerdict, v1::DIVERGED, "without a tunnel the SSLRequest is answered by an end",
     [] { return EndsAt(Failed(v1::SSL_REQUEST, v1::RESET_BEFORE_FIRST_BYTE, 41)); }},
    {"path.stage_reset", Says::kSilent, v1::DIVERGED, "it is answered by silence", &HelloSwallowed},
    {"path.stage_reset", Says::kSilent, v1::DIVERGED, "the end comes before the first byte", &RefusedBeyond},
    {"path.stage_swallowed", Says::kVerdict, v1::DIVERGED, "another message of the same size passes", &HelloSwallowed},
    {"path.stage_swallowed", Says::kVerdict, v1::DIVERGED, "it was never acknowledged, and its like passes",
     [] { return HelloUnanswered(0, 1); }},
    {"path.stage_swallowed", Says::kSilent, v1::DIVERGED, "a part of the answer came: its large packets are lost",
     [] { return HelloUnanswered(2, 0); }},
    {"path.stage_swallowed", Says::kSilent, v1::DIVERGED,
     "another message of the same size does not pass: it is the size", &LargeSwallowed},
    {"path.stage_swallowed", Says::kVerdict, v1::DIVERGED, "in a tunnel of the kernel the SSLRequest is swallowed",
     [] { return EndsAt(Failed(v1::SSL_REQUEST, v1::TIMED_OUT, 5000), Way::kWireGuard); }},
    {"path.stage_swallowed", Says::kSilent, v1::DIVERGED, "the first byte is silent", &DroppedBeyond},

    {"vantage.missing", Says::kVerdict, v1::CANNOT_TELL, "the inside never came, and outside all is well",
     [] {
       RunBuilder builder;
       builder.Inside().Missing("ssh: connection timed out");
       return builder;
     }},
    {"vantage.missing", Says::kVerdict, v1::CANNOT_TELL, "the inside is lost in the middle, and all was well until then",
     [] {
       RunBuilder builder;
       builder.Inside().LostAfter(1, "the agent was lost while running attempt 2 of 3");
       return builder;
     }},
    {"tunnel.carrier_dead", Says::kVerdict, v1::DIVERGED, "the inside is lost in the middle, and had shown enough",
     [] {
       RunBuilder builder = CarrierDead();
       builder.Inside().LostAfter(1, "the agent was lost while running attempt 2 of 3");
       return builder;
     }},
    {"vantage.missing", Says::kSilent, v1::HEALTHY, "a witness that never came takes nothing away",
     [] {
       RunBuilder builder;
       builder.Witness("bastion", Way::kRouted, 0.3).Missing("ssh: connection timed out");
       return builder;
     }},
    {"vantage.unlike", Says::kVerdict, v1::CANNOT_TELL, "a policy denies the target inside",
     [] {
       RunBuilder builder;
       builder.Inside().On("postgres", NoConnect(v1::DENIED_BY_POLICY, 0));
       return builder;
     }},
    {"vantage.unlike", Says::kVerdict, v1::CANNOT_TELL, "an older agent does not know the probe",
     [] {
       RunBuilder builder;
       builder.Outside().CannotAsk("postgres", v1::UNSUPPORTED, "no such probe");
       return builder;
     }},
    {"vantage.unlike", Says::kSilent, v1::DIVERGED, "a failure of the network is no refusal of the agent",
     &DroppedBeyond},
    {"unexplained", Says::kVerdict, v1::DIVERGED, "the server talks nonsense outside",
     [] { return EndsAt(Failed(v1::READY, v1::PROTOCOL_VIOLATION, 40)); }},
    {"unexplained", Says::kSilent, v1::DIVERGED, "a cause is named", &CarrierDead},
    {"unexplained", Says::kSilent, v1::HEALTHY, "there is nothing to explain", [] { return RunBuilder(); }},

    {"evidence.unsteady", Says::kBeside, v1::DIVERGED, "one attempt of three fails",
     [] { return OneOfThreeFails(Way::kRouted, NoConnect(v1::TIMED_OUT, 5000)); }},
    {"evidence.unsteady", Says::kSilent, v1::DIVERGED, "a reset and a close are one class",
     [] {
       RunBuilder builder = CarrierDead();
       builder.Outside().OnAttempt(
           2, "postgres", Of({Done(v1::CONNECT, 0.5), Failed(v1::SSL_REQUEST, v1::RESET_BEFORE_FIRST_BYTE, 0.4)}));
       return builder;
     }},
    {"target.overloaded", Says::kBeside, v1::HEALTHY, "the first byte takes two seconds on both sides",
     [] { return Late(2000); }},
    {"target.overloaded", Says::kSilent, v1::HEALTHY, "it is late outside only: that is the path",
     [] {
       RunBuilder builder;
       builder.Outside().talk.first_byte_ms = 2000;
       return builder;
     }},
    {"app.command_differs", Says::kVerdict, v1::DIVERGED, "only the real client's login fails outside", &ClientFailsOutside},
    {"app.command_differs", Says::kVerdict, v1::DIVERGED, "a megabyte does not come down outside",
     [] {
       RunBuilder builder = WithClient();
       builder.Outside().On("sql", Of({Done(v1::CLIENT_CONNECT, 300), Done(v1::QUERY, 40), Failed(v1::DOWNLOAD, v1::TIMED_OUT, 5000)}));
       return builder;
     }},
    {"app.command_differs", Says::kVerdict, v1::DIVERGED, "only the real client fails, and inside",
     [] {
       RunBuilder builder = WithClient();
       builder.Inside().On("sql", Of({Failed(v1::CLIENT_CONNECT, v1::TLS_CERTIFICATE, 40)}));
       return builder;
     }},
    {"app.command_differs", Says::kSilent, v1::HEALTHY, "the real client works on both sides", [] { return WithClient(); }},
    {"app.command_differs", Says::kSilent, v1::DIVERGED, "it fails in one attempt of three",
     [] {
       RunBuilder builder = WithClient();
       builder.Outside().OnAttempt(2, "sql", Of({Failed(v1::CLIENT_CONNECT, v1::CLOSED_BEFORE_FIRST_BYTE, 130)}));
       return builder;
     }},
    {"evidence.unsteady", Says::kBeside, v1::DIVERGED, "the real client fails in one attempt of three",
     [] {
       RunBuilder builder = WithClient();
       builder.Outside().OnAttempt(2, "sql", Of({Failed(v1::CLIENT_CONNECT, v1::CLOSED_BEFORE_FIRST_BYTE, 130)}));
       return builder;
     }},
    {"app.command_differs", Says::kSilent, v1::BOTH_FAILED, "it fails on both sides",
     [] {
       RunBuilder builder = ClientFailsOutside();
       builder.Inside().On("sql", Of({Said(v1::CLIENT_CONNECT, "28000", "no pg_hba.conf entry", 4)}));
       return builder;
     }},
    {"app.command_differs", Says::kSilent, v1::DIVERGED, "the target itself fails outside, and so does its client",
     [] {
       RunBuilder builder = CarrierDead();
       builder.options.client.emplace();
       return builder;
     }},
    {"app.command_differs", Says::kSilent, v1::CANNOT_TELL, "the client's program is not installed outside",
     [] {
       RunBuilder builder = WithClient();
       builder.Outside().CannotAsk("sql", v1::UNSUPPORTED, "parallax-agent-client is not installed");
       return builder;
     }},
    {"tunnel.carrier_dead", Says::kVerdict, v1::DIVERGED, "with the real client beside the probes",
     [] {
       RunBuilder builder = CarrierDead();
       builder.options.client.emplace();
       return builder;
     }},

    {"tunnel.carrier_dead", Says::kVerdict, v1::DIVERGED, "an http target behind a local accept", [] { return WebCarrierDead(kWeb); }},
    {"tunnel.carrier_dead", Says::kVerdict, v1::DIVERGED, "an https target behind a local accept", [] { return WebCarrierDead(kSecureWeb); }},
    {"tunnel.forwarding_denied", Says::kVerdict, v1::DIVERGED, "an http target, all are closed a round trip away",
     [] {
       RunBuilder builder(kWeb);
       builder.Outside().EverythingCloses(45);
       return builder;
     }},
    {"tunnel.bastion_unreachable", Says::kVerdict, v1::DIVERGED, "an https target under a tunnel whose bastion vanished",
     [] {
       RunBuilder builder(kSecureWeb);
       builder.Outside().NoBanner(v1::TIMED_OUT).EverythingIsMute();
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Says::kVerdict, v1::DIVERGED, "an http target closed a round trip away, others answer",
     [] {
       RunBuilder builder = WebOutside(kWeb, Closed(v1::REQUEST, 0.5, 45));
       builder.Outside().Socks("10.0.4.172:8080", v1::CLOSED_BEFORE_FIRST_BYTE);
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Says::kVerdict, v1::DIVERGED, "the same where no SOCKS port can be asked",
     [] {
       RunBuilder builder = WebOutside(kWeb, Closed(v1::REQUEST, 0.5, 45));
       builder.Outside().WithoutSocks();
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Says::kSilent, v1::DIVERGED, "the SOCKS port connects to it: it is not refused",
     [] { return WebOutside(kWeb, Closed(v1::REQUEST, 0.5, 45)); }},
    {"path.stage_reset", Says::kVerdict, v1::DIVERGED, "behind a local accept, where the SOCKS port connects to it",
     [] { return WebOutside(kSecureWeb, Closed(v1::TLS_HANDSHAKE, 0.5, 45)); }},
    {"path.stage_swallowed", Says::kVerdict, v1::DIVERGED, "the same, and silence",
     [] { return WebOutside(kSecureWeb, Mute(v1::TLS_HANDSHAKE, 0.5)); }},
    {"path.stage_swallowed", Says::kSilent, v1::DIVERGED, "an answer that comes slowly",
     [] {
       v1::Step body = Failed(v1::BODY, v1::TIMED_OUT, 2000);
       body.mutable_http_body()->set_size(20'000);
       return WebOutside(kWeb, Of({Done(v1::CONNECT, 40), Done(v1::REQUEST, 40, 200), body}), Way::kRouted);
     }},
    {"vpc.refused_beyond_bastion", Says::kVerdict, v1::DIVERGED, "an https target closed a round trip away, others answer",
     [] {
       RunBuilder builder = WebOutside(kSecureWeb, Closed(v1::TLS_HANDSHAKE, 0.5, 45));
       builder.Outside().Socks("10.0.4.172:443", v1::CLOSED_BEFORE_FIRST_BYTE);
       return builder;
     }},
    {"vpc.dropped_beyond_bastion", Says::kVerdict, v1::DIVERGED, "an http target that is silent, others answer",
     [] {
       RunBuilder builder = WebOutside(kWeb, Mute(v1::REQUEST, 0.5));
       builder.Outside().Socks("10.0.4.172:8080", v1::TIMED_OUT);
       return builder;
     }},
    {"path.stage_reset", Says::kVerdict, v1::DIVERGED, "without a tunnel the request is answered by an end",
     [] { return WebOutside(kWeb, Closed(v1::REQUEST, 40, 41), Way::kRouted); }},
    {"tls.untrusted", Says::kVerdict, v1::BOTH_FAILED, "an https target is verified always",
     [] {
       RunBuilder builder(kSecureWeb, Way::kRouted);
       for (support::Place* place : {&builder.Inside(), &builder.Outside()}) {
         v1::Step tls = Postgres(place->talk).steps(2);
         tls.mutable_tls()->set_trusted(false);
         tls.mutable_tls()->set_verify_error("self-signed certificate");
         tls.set_failure(v1::TLS_CERTIFICATE);
         place->On("https", Of({Done(v1::CONNECT, 1), tls}));
       }
       return builder;
     }},
    {"target.frozen", Says::kVerdict, v1::BOTH_FAILED, "an http target that accepts and says nothing",
     [] {
       RunBuilder builder = WebOutside(kWeb, Mute(v1::REQUEST, 40), Way::kRouted);
       builder.Inside().On("http ", Mute(v1::REQUEST, 0.4));
       return builder;
     }},
    {"target.down", Says::kVerdict, v1::BOTH_FAILED, "an http target where nothing listens",
     [] {
       RunBuilder builder = WebOutside(kWeb, NoConnect(v1::REFUSED, 41), Way::kRouted);
       builder.Inside().On("http ", NoConnect(v1::REFUSED, 0.4));
       return builder;
     }},
    {"unexplained", Says::kVerdict, v1::DIVERGED, "where an http target redirects to, TLS is reset",
     [] { return WebOutside(kWeb, LaterHop(v1::TLS_HANDSHAKE, v1::RESET), Way::kRouted); }},
    {"unexplained", Says::kVerdict, v1::DIVERGED, "where an http target redirects to, nothing listens",
     [] { return WebOutside(kWeb, LaterHop(v1::CONNECT, v1::REFUSED), Way::kRouted); }},
    {"unexplained", Says::kVerdict, v1::DIVERGED, "where an http target redirects to, all is silent",
     [] { return WebOutside(kWeb, LaterHop(v1::CONNECT, v1::TIMED_OUT), Way::kRouted); }},
    {"unexplained", Says::kVerdict, v1::DIVERGED, "an http target that answers otherwise outside",
     [] { return WebOutside(kWeb, WebAnswer("503"), Way::kRouted); }},

    {"tunnel.local_accept", Says::kBeside, v1::HEALTHY, "an sst tunnel that works", [] { return RunBuilder(); }},
    {"tunnel.local_accept", Says::kBeside, v1::DIVERGED, "the incident", [] { return StaleBastion(); }},
    {"tunnel.local_accept", Says::kSilent, v1::HEALTHY, "without a tunnel a connect means something",
     [] { return RunBuilder(kTarget, Way::kRouted); }},
    {"tunnel.local_accept", Says::kSilent, v1::HEALTHY, "a tunnel in the kernel answers nothing itself",
     [] { return RunBuilder(kTarget, Way::kWireGuard); }},
};

}  // namespace

std::span<const RuleRow> RuleRows() { return kRows; }

}  // namespace parallax::diagnose
