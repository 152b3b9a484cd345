// The tunnel, its carrier and its bastion.
#include "tests/support/cause_cases.h"
#include "tests/support/worlds.h"

namespace parallax::support {
namespace {

constexpr CauseCase kCases[] = {
    {"tunnel.bastion_unreachable", Standing::kVerdict, v1::DIVERGED, "the laptop has no network at all", &NoNetwork},
    {"tunnel.not_running", Standing::kVerdict, v1::DIVERGED, "the interface stayed behind", &TunnelKilled},
    {"tunnel.not_running", Standing::kVerdict, v1::DIVERGED, "the process is stopped", &TunnelStopped},
    {"tunnel.not_running", Standing::kVerdict, v1::DIVERGED, "the forward's port refuses", &ForwardGone},
    {"tunnel.not_running", Standing::kVerdict, v1::DIVERGED, "it ended while it was looked at", &TunnelEndedMeanwhile},
    {"tunnel.carrier_dead", Standing::kVerdict, v1::DIVERGED, "a forward over which all is sent in vain",
     &ForwardSentInVain},
    {"tunnel.not_running", Standing::kVerdict, v1::DIVERGED,
     "no tunnel is there, and the provider drops what is private", [] { return NoTunnelAtAll(v1::TIMED_OUT, 5000); }},
    {"tunnel.not_running", Standing::kVerdict, v1::DIVERGED,
     "no tunnel is there, and the provider refuses what is private", [] { return NoTunnelAtAll(v1::REFUSED, 12); }},
    {"tunnel.carrier_dead", Standing::kVerdict, v1::DIVERGED, "what is sent over it is sent again in vain",
     [] { return TunnelMute(3); }},
    {"tunnel.carrier_dead", Standing::kVerdict, v1::DIVERGED,
     "nothing comes back, and nothing shows yet that it is lost", [] { return TunnelMute(0); }},
    {"tunnel.not_running", Standing::kAbsent, v1::DIVERGED, "the process is there, its connection is not",
     &CarrierDead},
    {"tunnel.not_running", Standing::kAbsent, v1::DIVERGED, "the process is there and waits for the bastion",
     [] { return StaleBastion(); }},
    {"tunnel.bastion_unreachable", Standing::kVerdict, v1::DIVERGED, "the incident: started against a stale address",
     [] { return StaleBastion(); }},
    {"tunnel.bastion_unreachable", Standing::kVerdict, v1::DIVERGED, "it vanished under a running tunnel",
     &BastionVanished},
    {"tunnel.bastion_unreachable", Standing::kAbsent, v1::DIVERGED, "a fresh connection gets its banner", &CarrierDead},
    {"tunnel.bastion_unreachable", Standing::kAbsent, v1::DIVERGED, "it answers, and hangs up", &BastionTurnsAway},
    {"tunnel.bastion_refuses_sessions", Standing::kVerdict, v1::DIVERGED, "fresh connections are hung up",
     &BastionTurnsAway},
    {"tunnel.bastion_refuses_sessions", Standing::kVerdict, v1::DIVERGED, "three of five get their banner",
     [] {
       RunBuilder builder = CarrierDead();
       builder.Outside().banner.set_answered(3);
       return builder;
     }},
    {"tunnel.bastion_refuses_sessions", Standing::kAbsent, v1::DIVERGED, "it does not answer at all",
     [] { return StaleBastion(); }},
    {"tunnel.carrier_dead", Standing::kVerdict, v1::DIVERGED, "everything is closed here, and the bastion is well",
     &CarrierDead},
    {"tunnel.carrier_dead", Standing::kVerdict, v1::DIVERGED, "the same, seen without privilege",
     &CarrierDeadUnprivileged},
    {"tunnel.carrier_dead", Standing::kAbsent, v1::DIVERGED, "everything is closed a round trip away",
     &ForwardingDenied},
    {"tunnel.carrier_dead", Standing::kAbsent, v1::DIVERGED, "the bastion's address answers nobody",
     [] { return StaleBastion(); }},
    {"tunnel.forwarding_denied", Standing::kVerdict, v1::DIVERGED, "everything is closed a round trip away",
     &ForwardingDenied},
    {"tunnel.forwarding_denied", Standing::kVerdict, v1::DIVERGED, "behind redsocks only SOCKS tells",
     &ForwardingDeniedBehindRedsocks},
    {"tunnel.forwarding_denied", Standing::kAbsent, v1::DIVERGED, "others answer by the same way", &RefusedBeyond},
    {"tunnel.forwarding_denied", Standing::kAbsent, v1::DIVERGED,
     "what else is turned down does not answer inside either", &AllClosedAndNoControl},
    {"tunnel.carrier_dead", Standing::kVerdict, v1::DIVERGED, "the inside is lost in the middle, and had shown enough",
     [] {
       RunBuilder builder = CarrierDead();
       builder.Inside().LostAfter(1, "the agent was lost while running attempt 2 of 3");
       return builder;
     }},
    {"tunnel.carrier_dead", Standing::kVerdict, v1::DIVERGED, "with the real client beside the probes",
     [] {
       RunBuilder builder = CarrierDead();
       builder.options.client.emplace();
       return builder;
     }},
    {"tunnel.carrier_dead", Standing::kVerdict, v1::DIVERGED, "an http target behind a local accept",
     [] { return WebCarrierDead(kWeb); }},
    {"tunnel.carrier_dead", Standing::kVerdict, v1::DIVERGED, "an https target behind a local accept",
     [] { return WebCarrierDead(kSecureWeb); }},
    {"tunnel.forwarding_denied", Standing::kVerdict, v1::DIVERGED, "an http target, all are closed a round trip away",
     [] {
       RunBuilder builder(kWeb);
       builder.Outside().EverythingCloses(45);
       return builder;
     }},
    {"tunnel.bastion_unreachable", Standing::kVerdict, v1::DIVERGED,
     "an https target under a tunnel whose bastion vanished",
     [] {
       RunBuilder builder(kSecureWeb);
       builder.Outside().NoBanner(v1::TIMED_OUT).EverythingIsMute();
       return builder;
     }},
    {"tunnel.local_accept", Standing::kBeside, v1::HEALTHY, "an sst tunnel that works", [] { return RunBuilder(); }},
    {"tunnel.local_accept", Standing::kBeside, v1::DIVERGED, "the incident", [] { return StaleBastion(); }},
    {"tunnel.local_accept", Standing::kAbsent, v1::HEALTHY, "without a tunnel a connect means something",
     [] { return RunBuilder(kTarget, CarriedBy::kRouted); }},
    {"tunnel.local_accept", Standing::kAbsent, v1::HEALTHY, "a tunnel in the kernel answers nothing itself",
     [] { return RunBuilder(kTarget, CarriedBy::kWireGuard); }},
};

}  // namespace

std::span<const CauseCase> TunnelsCases() { return kCases; }

}  // namespace parallax::support
