// Worlds that several cases share: what is the matter there, by its name. Values; no threads.
#ifndef PARALLAX_TESTS_SUPPORT_WORLDS_H_
#define PARALLAX_TESTS_SUPPORT_WORLDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/run_builder.h"

namespace parallax::support {

// worlds_of_the_way.cc: names, routes, tunnels, and what lies beyond the bastion.
inline constexpr char kWeb[] = "http://10.0.4.172:8080/health";
inline constexpr char kSecureWeb[] = "https://10.0.4.172/health#/database/status=connected";
inline constexpr char kPlain[] = "postgres://app@10.0.4.172:5432/app?sslmode=disable";
inline constexpr char kVerifyFull[] = "postgres://app@db.internal:5432/app?sslmode=verify-full";
Attempt Unexpected(const std::string& bytes, double connect_ms, double ms);
// Names.
RunBuilder NamedOutside(std::vector<std::string> addresses, CarriedBy way = CarriedBy::kSst);
RunBuilder StaleName();
RunBuilder PublicName();
// Routes.
void ByDefaultRoute(SideWorld* world);
RunBuilder RoutesDeleted();
RunBuilder Overlap();
// The tunnel.
RunBuilder TunnelKilled();
RunBuilder TunnelStopped();
RunBuilder ForwardGone();
RunBuilder StaleBastion(double rtt_ms = 40);  // the incident
RunBuilder BastionVanished();
RunBuilder BastionTurnsAway();
RunBuilder CarrierDead();
// The real client beside the probes.
RunBuilder WithClient();
RunBuilder ClientFailsOutside();
// HTTP.
RunBuilder WebCarrierDead(const char* url);
RunBuilder WebOutside(const char* url, Attempt attempt, CarriedBy way = CarriedBy::kSst);
Attempt WebAnswer(const std::string& status);
// It redirects, and what stands there fails.
Attempt LaterHop(v1::StepKind kind, v1::Failure failure);
RunBuilder CarrierDeadUnprivileged();
RunBuilder ForwardingDenied();
RunBuilder ForwardingDeniedBehindRedsocks();
// Beyond the bastion.
RunBuilder RefusedBeyond();
RunBuilder RefusedBeyondBehindRedsocks();
RunBuilder RefusedWithoutTunnel();
RunBuilder DroppedBeyond();
// No tunnel anywhere: the private address goes to the internet, whose provider drops or refuses it.
RunBuilder NoTunnelAtAll(v1::Failure failure, double ms);
// Established, its bastion well, and nothing comes back from anywhere.
RunBuilder TunnelMute(uint32_t unanswered);
RunBuilder DroppedWithoutTunnel();
// Stages.
RunBuilder EndsAt(v1::Step failed, CarriedBy way = CarriedBy::kRouted);
// TLS hangs on a connection that is the server's own, and this is what TCP says of it at the end.
RunBuilder HelloUnanswered(uint32_t out_of_order, uint32_t unacked);
RunBuilder HelloSwallowed();
RunBuilder LargeSwallowed();
// Addresses that mean each side's own host.
RunBuilder LeadsToItself(const char* address, bool inside_too);
RunBuilder LoopbackMeant(bool one_host);
// Of two addresses one is silent altogether, and at the other a closed port is refused.
RunBuilder SilentBesideARefusal();
RunBuilder NoIpv6();
// A name for several readers, each of which a side gets at random; both sides see the same at each address.
RunBuilder TwoReaders(const std::string& other_identifier);
// Without a positive control that answers inside, SOCKS closes for all.
RunBuilder AllClosedAndNoControl();
RunBuilder OneOfThreeFails(CarriedBy way, Attempt failed);
// The laptop left its network: no name resolves, and its kernel has no way to the bastion.
RunBuilder NoNetwork();
// The tunnel took its interface along after its route had been looked up.
RunBuilder TunnelEndedMeanwhile();
// A forward has no other destinations to ask.
RunBuilder ForwardSentInVain();
// A network here owns the address, and somebody on it answers as a PostgreSQL.
RunBuilder OverlapWithAServer();

// worlds_of_the_server.cc: the target, its TLS, its words and its clients.
// The target.
RunBuilder BothSay(const Attempt& inside, const Attempt& outside, CarriedBy way = CarriedBy::kRouted);
RunBuilder Down();
RunBuilder SilentForBoth();
RunBuilder Frozen();
RunBuilder WaitsForHttp();
RunBuilder OtherServer();
RunBuilder OtherDatabaseServer();  // another VPC's database: it does not know ours
RunBuilder Late(double ms);
// TLS.
RunBuilder Intercepted();
RunBuilder BindingFails();
RunBuilder NoTls(bool inside, bool outside);
RunBuilder PlainRejected(bool investigate);
RunBuilder Certificate(const std::string& url, void (*change)(Conversation*));
void OutOfDate(Conversation* conversation);
void ForAnother(Conversation* conversation);
void OfNobody(Conversation* conversation);
// The outside goes through a forward, and what answers at its end has no TLS.
inline constexpr char kPrefer[] = "postgres://app@10.0.4.172:5432/app";
RunBuilder PlainBehindForward();
RunBuilder ForwardPortTaken();  // a PostgreSQL of this host's own listens where the forward should
RunBuilder OffersBindingInPlain(RunBuilder builder);
RunBuilder OtherServerWithoutTls();
// Clocks. The certificate is valid around 2026-09-21, which is when these runs are.
inline constexpr int64_t kNow = 1'790'000'000;
inline constexpr int64_t kDay = 86'400;
void ClockOff(SideWorld* world, int64_t days);
RunBuilder Clocks(int64_t inside_days, int64_t outside_days, int64_t valid_from_days, int64_t valid_until_days);
// The server's own words.
RunBuilder Words(v1::StepKind kind, const char* code, const char* message, bool inside, bool outside);
// The outside's password is rejected; where the values came from, and whether TLS shows whose server it is.
RunBuilder RejectedOutside(const char* url, const char* inside_origin, const char* outside_origin);
inline constexpr char kSent[] = "sent by the controller";
inline constexpr char kEnvironment[] = "environment of the agent";
inline constexpr char kNoEntry[] = "no pg_hba.conf entry for host \"10.0.3.110\", user \"app\", database \"app\"";
inline constexpr char kTargetV6[] = "postgres://app@[fd00:4::172]:5432/app?sslmode=require";
RunBuilder BehindAPooler(bool same_certificate);  // no identifier, and another backend each time
RunBuilder ErrorAtOnce();

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_WORLDS_H_
