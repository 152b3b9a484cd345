// Beyond the bastion, and the stages of a conversation.
#include "tests/support/cause_cases.h"
#include "tests/support/worlds.h"

namespace parallax::support {
namespace {

constexpr CauseCase kCases[] = {
    {"vpc.dropped_beyond_bastion", Standing::kAbsent, v1::DIVERGED, "other destinations are as silent",
     [] { return TunnelMute(3); }},
    {"vpc.refused_beyond_bastion", Standing::kVerdict, v1::DIVERGED, "closed a round trip away, others answer",
     &RefusedBeyond},
    {"vpc.refused_beyond_bastion", Standing::kVerdict, v1::DIVERGED, "behind redsocks only SOCKS tells",
     &RefusedBeyondBehindRedsocks},
    {"vpc.refused_beyond_bastion", Standing::kVerdict, v1::DIVERGED, "refused without a tunnel", &RefusedWithoutTunnel},
    {"vpc.refused_beyond_bastion", Standing::kVerdict, v1::DIVERGED, "ICMP says no after a round trip",
     [] {
       RunBuilder builder(kTarget, CarriedBy::kRouted);
       builder.Outside().On("postgres", NoConnect(v1::UNREACHABLE, 41));
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Standing::kVerdict, v1::BOTH_FAILED,
     "inside the server is reached, and rejects the password",
     [] {
       RunBuilder builder = RefusedBeyond();
       builder.Inside().On("postgres",
                           PostgresUntil(Said(v1::AUTHENTICATION, "28P01", "password authentication failed", 1)));
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Standing::kAbsent, v1::DIVERGED,
     "refused by this very host, long before anybody else could",
     [] {
       RunBuilder builder;
       builder.Outside().On("postgres", NoConnect(v1::REFUSED, 0.05));
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Standing::kAbsent, v1::DIVERGED, "no answer is not a no", &DroppedBeyond},
    {"vpc.refused_beyond_bastion", Standing::kAbsent, v1::DIVERGED, "all are closed", &ForwardingDenied},
    {"vpc.dropped_beyond_bastion", Standing::kVerdict, v1::DIVERGED, "silent, others answer", &DroppedBeyond},
    {"vpc.dropped_beyond_bastion", Standing::kVerdict, v1::DIVERGED, "silent without a tunnel", &DroppedWithoutTunnel},
    {"vpc.dropped_beyond_bastion", Standing::kAbsent, v1::DIVERGED, "behind redsocks SOCKS is turned down at once",
     &RefusedBeyondBehindRedsocks},
    {"vpc.dropped_beyond_bastion", Standing::kVerdict, v1::DIVERGED, "a router says after seconds that nobody is there",
     [] {
       RunBuilder builder(kTarget, CarriedBy::kRouted);
       builder.Outside().On("postgres", NoConnect(v1::UNREACHABLE, 3100));
       return builder;
     }},
    {"vpc.dropped_beyond_bastion", Standing::kAbsent, v1::DIVERGED, "all are silent", &BastionVanished},
    {"vpc.dropped_beyond_bastion", Standing::kAbsent, v1::DIVERGED, "it never left this host", &NoIpv6},
    {"vpc.dropped_beyond_bastion", Standing::kAbsent, v1::DIVERGED,
     "the connect is real, and the question is swallowed",
     [] { return EndsAt(Failed(v1::SSL_REQUEST, v1::TIMED_OUT, 5000)); }},
    {"vpc.refused_beyond_bastion", Standing::kAbsent, v1::DIVERGED, "the connect is real, and the question ends it",
     [] { return EndsAt(Failed(v1::SSL_REQUEST, v1::RESET_BEFORE_FIRST_BYTE, 41)); }},
    {"path.stage_reset", Standing::kVerdict, v1::DIVERGED, "the ClientHello is answered by an end",
     [] { return EndsAt(Failed(v1::TLS_HANDSHAKE, v1::RESET, 41)); }},
    {"path.stage_reset", Standing::kVerdict, v1::DIVERGED, "without a tunnel the SSLRequest is answered by an end",
     [] { return EndsAt(Failed(v1::SSL_REQUEST, v1::RESET_BEFORE_FIRST_BYTE, 41)); }},
    {"path.stage_reset", Standing::kAbsent, v1::DIVERGED, "it is answered by silence", &HelloSwallowed},
    {"path.stage_reset", Standing::kAbsent, v1::DIVERGED, "the end comes before the first byte", &RefusedBeyond},
    {"path.stage_swallowed", Standing::kVerdict, v1::DIVERGED, "another message of the same size passes",
     &HelloSwallowed},
    {"path.stage_swallowed", Standing::kVerdict, v1::DIVERGED, "it was never acknowledged, and its like passes",
     [] { return HelloUnanswered(0, 1); }},
    {"path.stage_swallowed", Standing::kAbsent, v1::DIVERGED, "a part of the answer came: its large packets are lost",
     [] { return HelloUnanswered(2, 0); }},
    {"path.stage_swallowed", Standing::kAbsent, v1::DIVERGED,
     "another message of the same size does not pass: it is the size", &LargeSwallowed},
    {"path.stage_swallowed", Standing::kVerdict, v1::DIVERGED, "in a tunnel of the kernel the SSLRequest is swallowed",
     [] { return EndsAt(Failed(v1::SSL_REQUEST, v1::TIMED_OUT, 5000), CarriedBy::kWireGuard); }},
    {"path.stage_swallowed", Standing::kAbsent, v1::DIVERGED, "the first byte is silent", &DroppedBeyond},
    {"vpc.refused_beyond_bastion", Standing::kVerdict, v1::DIVERGED,
     "an http target closed a round trip away, others answer",
     [] {
       RunBuilder builder = WebOutside(kWeb, Closed(v1::REQUEST, 0.5, 45));
       builder.Outside().Socks("10.0.4.172:8080", v1::CLOSED_BEFORE_FIRST_BYTE);
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Standing::kVerdict, v1::DIVERGED, "the same where no SOCKS port can be asked",
     [] {
       RunBuilder builder = WebOutside(kWeb, Closed(v1::REQUEST, 0.5, 45));
       builder.Outside().WithoutSocks();
       return builder;
     }},
    {"vpc.refused_beyond_bastion", Standing::kAbsent, v1::DIVERGED, "the SOCKS port connects to it: it is not refused",
     [] { return WebOutside(kWeb, Closed(v1::REQUEST, 0.5, 45)); }},
    {"path.stage_reset", Standing::kVerdict, v1::DIVERGED, "behind a local accept, where the SOCKS port connects to it",
     [] { return WebOutside(kSecureWeb, Closed(v1::TLS_HANDSHAKE, 0.5, 45)); }},
    {"path.stage_swallowed", Standing::kVerdict, v1::DIVERGED, "the same, and silence",
     [] { return WebOutside(kSecureWeb, Mute(v1::TLS_HANDSHAKE, 0.5)); }},
    {"path.stage_swallowed", Standing::kAbsent, v1::DIVERGED, "an answer that comes slowly",
     [] {
       v1::Step body = Failed(v1::BODY, v1::TIMED_OUT, 2000);
       body.mutable_http_body()->set_size(20'000);
       return WebOutside(kWeb, Of({Done(v1::CONNECT, 40), Done(v1::REQUEST, 40, 200), body}), CarriedBy::kRouted);
     }},
    {"vpc.refused_beyond_bastion", Standing::kVerdict, v1::DIVERGED,
     "an https target closed a round trip away, others answer",
     [] {
       RunBuilder builder = WebOutside(kSecureWeb, Closed(v1::TLS_HANDSHAKE, 0.5, 45));
       builder.Outside().Socks("10.0.4.172:443", v1::CLOSED_BEFORE_FIRST_BYTE);
       return builder;
     }},
    {"vpc.dropped_beyond_bastion", Standing::kVerdict, v1::DIVERGED, "an http target that is silent, others answer",
     [] {
       RunBuilder builder = WebOutside(kWeb, Mute(v1::REQUEST, 0.5));
       builder.Outside().Socks("10.0.4.172:8080", v1::TIMED_OUT);
       return builder;
     }},
    {"path.stage_reset", Standing::kVerdict, v1::DIVERGED, "without a tunnel the request is answered by an end",
     [] { return WebOutside(kWeb, Closed(v1::REQUEST, 40, 41), CarriedBy::kRouted); }},
};

}  // namespace

std::span<const CauseCase> BeyondCases() { return kCases; }

}  // namespace parallax::support
