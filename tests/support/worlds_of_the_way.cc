// What is the matter between a side and the target.
#include <utility>

#include "tests/support/worlds.h"

namespace parallax::support {

Attempt Unexpected(const std::string& bytes, double connect_ms, double ms) {
  v1::Step step = Heard(v1::SSL_REQUEST, bytes, ms);
  step.set_failure(v1::UNEXPECTED_FIRST_BYTE);
  return Of({Done(v1::CONNECT, connect_ms), step});
}

RunBuilder NamedOutside(std::vector<std::string> addresses, CarriedBy way) {
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
  RunBuilder builder = NamedOutside({"203.0.113.9"}, CarriedBy::kRouted);
  builder.Outside().On("postgres 203.0.113.9", NoConnect(v1::REFUSED, 40));
  builder.Inside().On("postgres 203.0.113.9", NoConnect(v1::REFUSED, 40));
  return builder;
}

void ByDefaultRoute(SideWorld* world) {
  world->route.set_interface("eth0");
  world->route.set_link_kind(v1::LINK_KIND_ETHERNET);
  world->route.set_matched_prefix("default");
  world->route.set_gateway("192.0.2.1");
  world->carrier.Clear();
  world->carrier.set_kind(v1::DIRECT);
  world->carrier.set_holder_looked_for(true);
  world->banner.Clear();
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

RunBuilder TunnelKilled() {
  RunBuilder builder;
  SideWorld& outside = builder.Outside();
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
  RunBuilder builder(kNamedTarget, CarriedBy::kForward);
  builder.Outside().carrier.clear_holder();
  builder.Outside().carrier.clear_connections();
  builder.Outside().banner.Clear();
  builder.Outside().On("postgres", NoConnect(v1::REFUSED, 0.05));
  return builder;
}

RunBuilder StaleBastion(double rtt_ms) {
  RunBuilder builder(kTarget, CarriedBy::kSst, rtt_ms);
  SideWorld& outside = builder.Outside();
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

RunBuilder WithClient() {
  RunBuilder builder(kTarget, CarriedBy::kRouted);
  builder.options.client = plan::ClientQuestions{true, 1'000'000, 1'000'000};
  return builder;
}

RunBuilder ClientFailsOutside() {
  RunBuilder builder = WithClient();
  builder.Outside().On("sql", Of({Said(v1::CLIENT_CONNECT, "28000", "no pg_hba.conf entry", 40)}));
  return builder;
}

RunBuilder WebCarrierDead(const char* url) {
  RunBuilder builder(url);
  builder.Outside().carrier.clear_connections();
  builder.Outside().WithoutSocks().EverythingCloses(0.4);
  return builder;
}

RunBuilder WebOutside(const char* url, Attempt attempt, CarriedBy way) {
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
  RunBuilder builder(kTarget, CarriedBy::kRedsocks);
  builder.Outside().EverythingIsMute().Socks("*", v1::CLOSED_BEFORE_FIRST_BYTE);
  return builder;
}

RunBuilder RefusedBeyond() {
  RunBuilder builder;
  builder.Outside().On("postgres", Closed(v1::SSL_REQUEST, 0.5, 45));
  builder.Outside().Socks("10.0.4.172:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
  return builder;
}

RunBuilder RefusedBeyondBehindRedsocks() {
  RunBuilder builder(kTarget, CarriedBy::kRedsocks);
  builder.Outside().On("postgres", Mute(v1::SSL_REQUEST, 0.5));
  builder.Outside().Socks("10.0.4.172:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
  return builder;
}

RunBuilder RefusedWithoutTunnel() {
  RunBuilder builder(kTarget, CarriedBy::kRouted);
  builder.Outside().On("postgres", NoConnect(v1::REFUSED, 40));
  return builder;
}

RunBuilder DroppedBeyond() {
  RunBuilder builder;
  builder.Outside().On("postgres", Mute(v1::SSL_REQUEST, 0.5));
  builder.Outside().Socks("10.0.4.172:5432", v1::TIMED_OUT);
  return builder;
}

RunBuilder NoTunnelAtAll(v1::Failure failure, double ms) {
  RunBuilder builder(kTarget, CarriedBy::kRouted);
  ByDefaultRoute(&builder.Outside());
  builder.Outside().NothingConnects(failure, ms);
  return builder;
}

RunBuilder TunnelMute(uint32_t unanswered) {
  RunBuilder builder;
  builder.Outside().Connection()->set_unacked(unanswered > 0 ? 3 : 0);
  builder.Outside().Connection()->set_unanswered_retransmits(unanswered);
  builder.Outside().WithoutSocks().EverythingIsMute();
  return builder;
}

RunBuilder DroppedWithoutTunnel() {
  RunBuilder builder(kTarget, CarriedBy::kRouted);
  builder.Outside().On("postgres", NoConnect(v1::TIMED_OUT, 5000));
  return builder;
}

RunBuilder EndsAt(v1::Step failed, CarriedBy way) {
  RunBuilder builder(kTarget, way);
  builder.Outside().On("postgres", PostgresUntil(std::move(failed), builder.Outside().conversation));
  return builder;
}

RunBuilder HelloUnanswered(uint32_t out_of_order, uint32_t unacked) {
  RunBuilder builder(kTarget, CarriedBy::kRouted);
  Attempt attempt = PostgresUntil(Failed(v1::TLS_HANDSHAKE, v1::TIMED_OUT, 5000), builder.Outside().conversation);
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

RunBuilder LeadsToItself(const char* address, bool inside_too) {
  RunBuilder builder = NamedOutside({address});
  if (inside_too) builder.Inside().names["db.internal"] = {address};
  const std::string there = std::string("postgres ") + address;
  builder.Inside().On(there, NoConnect(v1::REFUSED, 0.05));
  builder.Outside().On(there, NoConnect(v1::REFUSED, 0.05));
  return builder;
}

RunBuilder LoopbackMeant(bool one_host) {
  RunBuilder builder("postgres://app@127.0.0.1:5432/app?sslmode=require", CarriedBy::kRouted);
  if (one_host) *builder.Outside().side.mutable_agent() = builder.Inside().side.agent();
  builder.Inside().On("postgres", NoConnect(v1::REFUSED, 0.05));
  builder.Outside().On("postgres", NoConnect(v1::REFUSED, 0.05));
  return builder;
}

RunBuilder SilentBesideARefusal() {
  RunBuilder builder(kNamedTarget, CarriedBy::kRouted);
  for (SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
    world->names["db.internal"] = {"10.0.4.172", "10.0.4.173"};
    for (const char* probe : {"postgres", "must-not-connect"}) world->On(probe, NoConnect(v1::TIMED_OUT, 5000));
    world->On("must-not-connect 10.0.4.173", NoConnect(v1::REFUSED, 0.4));
  }
  return builder;
}

RunBuilder NoIpv6() {
  RunBuilder builder(kTargetV6, CarriedBy::kRouted);
  builder.Outside().On("postgres", NoConnect(v1::NO_ROUTE, 0.01)).On("must-not-connect", NoConnect(v1::NO_ROUTE, 0.01));
  builder.Outside().route.Clear();
  return builder;
}

RunBuilder TwoReaders(const std::string& other_identifier) {
  RunBuilder builder = NamedOutside({"10.0.4.173"});
  for (SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
    Conversation other = world->conversation;
    other.certificate = kOtherCertificate;
    if (!other_identifier.empty()) other.system_identifier = other_identifier;
    world->On("postgres 10.0.4.173", Postgres(other));
  }
  return builder;
}

RunBuilder AllClosedAndNoControl() {
  RunBuilder builder = ForwardingDenied();
  builder.Inside().On("must-answer", NoConnect(v1::TIMED_OUT, 5000));
  return builder;
}

RunBuilder OneOfThreeFails(CarriedBy way, Attempt failed) {
  RunBuilder builder(kTarget, way);
  builder.Outside().OnAttempt(2, "postgres", std::move(failed));
  return builder;
}

RunBuilder NoNetwork() {
  RunBuilder builder = NamedOutside({}, CarriedBy::kSst);
  builder.Outside().NoBanner(v1::NO_ROUTE).EverythingIsMute();
  return builder;
}

RunBuilder TunnelEndedMeanwhile() {
  RunBuilder builder;
  builder.Outside().carrier.Clear();
  builder.Outside().carrier.set_kind(v1::DIRECT);
  builder.Outside().carrier.set_interface("eth0");
  builder.Outside().banner.Clear();
  builder.Outside().WithoutSocks().NothingConnects(v1::TIMED_OUT);
  return builder;
}

RunBuilder ForwardSentInVain() {
  RunBuilder builder(kNamedTarget, CarriedBy::kForward);
  builder.Outside().Connection()->set_unacked(2);
  builder.Outside().Connection()->set_unanswered_retransmits(4);
  builder.Outside().On("postgres", Mute(v1::SSL_REQUEST, 0.1));
  return builder;
}

RunBuilder OverlapWithAServer() {
  RunBuilder builder = Overlap();
  builder.Outside().conversation.certificate = kOtherCertificate;
  builder.Outside().conversation.system_identifier = "7310000000000000009";
  builder.Outside().On("postgres", Postgres(builder.Outside().conversation));
  return builder;
}

}  // namespace parallax::support
