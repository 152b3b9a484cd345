// What is the matter with the target, or with what it says.
#include <utility>

#include "tests/support/worlds.h"

namespace parallax::support {

RunBuilder BothSay(const Attempt& inside, const Attempt& outside, CarriedBy way) {
  RunBuilder builder(kTarget, way);
  builder.Inside().On("postgres", inside);
  builder.Outside().On("postgres", outside);
  return builder;
}

RunBuilder Down() {
  RunBuilder builder = BothSay(NoConnect(v1::REFUSED, 0.4), Closed(v1::SSL_REQUEST, 0.5, 45), CarriedBy::kSst);
  builder.Outside().Socks("10.0.4.172:5432", v1::CLOSED_BEFORE_FIRST_BYTE);
  return builder;
}

RunBuilder SilentForBoth() {
  RunBuilder builder = BothSay(NoConnect(v1::TIMED_OUT, 5000), Mute(v1::SSL_REQUEST, 0.5), CarriedBy::kSst);
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
  builder.Outside().conversation.certificate = kOtherCertificate;
  builder.Outside().conversation.system_identifier = "7310000000000000777";
  return builder;
}

RunBuilder OtherDatabaseServer() {
  RunBuilder builder = EndsAt(Said(v1::READY, "3D000", "database \"app\" does not exist", 40));
  return builder;
}

RunBuilder Late(double ms) {
  RunBuilder builder(kTarget, CarriedBy::kRouted);
  builder.Inside().conversation.first_byte_ms = ms;
  builder.Outside().conversation.first_byte_ms = ms + 40;
  return builder;
}

RunBuilder Intercepted() {
  RunBuilder builder;
  builder.Outside().conversation.certificate = kOtherCertificate;
  builder.Outside().conversation.issuer = "CN=Inspection Box";
  builder.Outside().conversation.offered = {"scram-sha-256"};
  builder.Outside().conversation.channel_bound = false;
  return builder;
}

RunBuilder BindingFails() {
  RunBuilder builder = Intercepted();
  builder.Outside().conversation.channel_bound = true;
  builder.Outside().conversation.offered = {"scram-sha-256", "scram-sha-256-plus"};
  builder.Outside().On("postgres",
                       PostgresUntil(Said(v1::AUTHENTICATION, "28000", "SCRAM channel binding check failed", 80),
                                     builder.Outside().conversation));
  return builder;
}

RunBuilder NoTls(bool inside, bool outside) {
  RunBuilder builder;
  builder.Inside().conversation.tls = inside;
  builder.Outside().conversation.tls = outside;
  return builder;
}

RunBuilder PlainRejected(bool investigate) {
  RunBuilder builder(kPlain, CarriedBy::kRouted);
  const auto rejected = [](double ms) {
    return PostgresUntil(Said(v1::STARTUP, "28000", "no pg_hba.conf entry for host \"10.0.8.50\", no encryption", ms),
                         {}, v1::DISABLE);
  };
  builder.Inside().On("postgres", rejected(0.4));
  builder.Outside().On("postgres", rejected(40));
  if (investigate) builder.Investigate();
  return builder;
}

RunBuilder Certificate(const std::string& url, void (*change)(Conversation*)) {
  RunBuilder builder(url);
  change(&builder.Inside().conversation);
  change(&builder.Outside().conversation);
  return builder;
}

void OutOfDate(Conversation* conversation) {
  conversation->within_dates = false;
  conversation->verify_error = "certificate has expired";
}

void ForAnother(Conversation* conversation) {
  conversation->name_matches = false;
  conversation->verify_error = "it names db.example.com";
}

void OfNobody(Conversation* conversation) {
  conversation->trusted = false;
  conversation->verify_error = "unable to get local issuer certificate";
}

RunBuilder PlainBehindForward() {
  RunBuilder builder(kNamedTarget, CarriedBy::kForward);
  builder.Outside().conversation.tls = false;
  return builder;
}

RunBuilder ForwardPortTaken() {
  RunBuilder builder = PlainBehindForward();
  builder.Outside().carrier.mutable_holder()->set_name("postgres");
  builder.Outside().carrier.clear_connections();
  builder.Outside().banner.Clear();
  return builder;
}

RunBuilder OffersBindingInPlain(RunBuilder builder) {
  builder.Outside().conversation.binding_in_plain = true;
  builder.Investigate();
  return builder;
}

RunBuilder OtherServerWithoutTls() {
  RunBuilder builder(kPrefer);
  builder.Outside().conversation.tls = false;
  builder.Outside().conversation.system_identifier = "7310000000000000777";
  return builder;
}

void ClockOff(SideWorld* world, int64_t days) {
  world->side.set_clock_uncertainty_ns(1'000'000);
  world->side.set_clock_offset_ns(days * kDay * 1'000'000'000);
  world->conversation.clock_unix = kNow + days * kDay;
  world->conversation.within_dates = world->conversation.not_before_unix <= world->conversation.clock_unix &&
                                     world->conversation.clock_unix <= world->conversation.not_after_unix;
  if (!world->conversation.within_dates) world->conversation.verify_error = "certificate has expired";
}

RunBuilder Clocks(int64_t inside_days, int64_t outside_days, int64_t valid_from_days, int64_t valid_until_days) {
  RunBuilder builder(kVerifyFull);
  builder.Outside().side.set_vantage("exec:limactl shell vm parallax-agent stdio");
  for (SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
    world->conversation.not_before_unix = kNow + valid_from_days * kDay;
    world->conversation.not_after_unix = kNow + valid_until_days * kDay;
  }
  ClockOff(&builder.Inside(), inside_days);
  ClockOff(&builder.Outside(), outside_days);
  return builder;
}

RunBuilder Words(v1::StepKind kind, const char* code, const char* message, bool inside, bool outside) {
  RunBuilder builder;
  if (inside)
    builder.Inside().On("postgres", PostgresUntil(Said(kind, code, message, 0.4), builder.Inside().conversation));
  if (outside)
    builder.Outside().On("postgres", PostgresUntil(Said(kind, code, message, 42), builder.Outside().conversation));
  return builder;
}

RunBuilder RejectedOutside(const char* url, const char* inside_origin, const char* outside_origin) {
  RunBuilder builder(url);
  builder.Inside().conversation.secret_origin = inside_origin;
  builder.Outside().conversation.secret_origin = outside_origin;
  const bool tls = url != std::string_view(kPlain);
  builder.Outside().On("postgres",
                       PostgresUntil(Said(v1::AUTHENTICATION, "28P01", "password authentication failed", 42),
                                     builder.Outside().conversation, tls ? v1::REQUIRE : v1::DISABLE));
  return builder;
}

RunBuilder BehindAPooler(bool same_certificate) {
  RunBuilder builder;
  builder.Inside().conversation.system_identifier.clear();
  builder.Outside().conversation.system_identifier.clear();
  builder.Outside().conversation.server_address = "10.0.4.201:5432";
  if (!same_certificate) builder.Outside().conversation.certificate = kOtherCertificate;
  return builder;
}

RunBuilder ErrorAtOnce() {
  v1::Step step = Heard(v1::SSL_REQUEST, "Ecould not fork new process for connection", 0.5);
  step.set_failure(v1::UNEXPECTED_FIRST_BYTE);
  return BothSay(Of({Done(v1::CONNECT, 0.4), step}), Of({Done(v1::CONNECT, 0.4), step}));
}

}  // namespace parallax::support
