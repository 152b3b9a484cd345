// The target, and who it is.
#include "tests/support/cause_cases.h"
#include "tests/support/worlds.h"

namespace parallax::support {
namespace {

constexpr CauseCase kCases[] = {
    {"target.not_postgres", Standing::kVerdict, v1::BOTH_FAILED, "an error before any login: it may be", &ErrorAtOnce},
    {"target.wrong_server", Standing::kExplained, v1::DIVERGED, "it answers on the local network", &OverlapWithAServer},
    {"target.not_postgres", Standing::kVerdict, v1::BOTH_FAILED, "it answers H",
     [] { return BothSay(Unexpected("H", 0.4, 0.4), Unexpected("H", 40, 40)); }},
    {"target.not_postgres", Standing::kVerdict, v1::BOTH_FAILED, "it speaks first, and begins with S",
     [] {
       return BothSay(Unexpected("SSH-2.0-OpenSSH_9.2\r\n", 0.4, 0.4), Unexpected("SSH-2.0-OpenSSH_9.2\r\n", 40, 40));
     }},
    {"target.not_postgres", Standing::kVerdict, v1::BOTH_FAILED, "it waits for an HTTP line", &WaitsForHttp},
    {"target.not_postgres", Standing::kAbsent, v1::BOTH_FAILED, "it is silent to an HTTP line too", &Frozen},
    {"target.not_postgres", Standing::kAbsent, v1::DIVERGED, "only outside something else answers",
     [] {
       RunBuilder builder(kTarget, CarriedBy::kRouted);
       builder.Outside().On("postgres", Unexpected("H", 40, 40));
       return builder;
     }},
    {"target.down", Standing::kVerdict, v1::BOTH_FAILED, "refused inside, closed beyond the bastion outside", &Down},
    {"target.down", Standing::kAbsent, v1::DIVERGED, "inside it is open", &RefusedBeyond},
    {"target.down", Standing::kAbsent, v1::BOTH_FAILED, "a name that leads each side to itself, by 0.0.0.0",
     [] { return LeadsToItself("0.0.0.0", true); }},
    {"target.down", Standing::kAbsent, v1::BOTH_FAILED, "a name that leads each side to itself, by 127.0.0.1",
     [] { return LeadsToItself("127.0.0.1", true); }},
    {"target.down", Standing::kAbsent, v1::DIVERGED, "outside the name leads that host to itself",
     [] { return LeadsToItself("127.0.0.1", false); }},
    {"target.down", Standing::kAbsent, v1::BOTH_FAILED, "127.0.0.1 is another host for each side",
     [] { return LoopbackMeant(false); }},
    {"target.down", Standing::kVerdict, v1::BOTH_FAILED, "on 127.0.0.1 of the one host that both sides stand on",
     [] { return LoopbackMeant(true); }},
    {"target.unreachable", Standing::kVerdict, v1::BOTH_FAILED, "silent on both sides", &SilentForBoth},
    {"target.unreachable", Standing::kVerdict, v1::BOTH_FAILED,
     "at the one address, while the other refuses a closed port", &SilentBesideARefusal},
    {"target.unreachable", Standing::kAbsent, v1::BOTH_FAILED, "refused on both sides", &Down},
    {"target.unreachable", Standing::kAbsent, v1::DIVERGED, "inside it answers", &DroppedBeyond},
    {"target.frozen", Standing::kVerdict, v1::BOTH_FAILED, "accepts, and is silent to anything", &Frozen},
    {"target.frozen", Standing::kAbsent, v1::BOTH_FAILED, "it answers an HTTP line", &WaitsForHttp},
    {"target.frozen", Standing::kAbsent, v1::BOTH_FAILED, "it does not even accept", &SilentForBoth},
    {"target.wrong_server", Standing::kVerdict, v1::DIVERGED, "another system identifier", &OtherServer},
    {"target.wrong_server", Standing::kVerdict, v1::DIVERGED, "it has no such database, which it has inside",
     &OtherDatabaseServer},
    {"target.wrong_server", Standing::kAbsent, v1::HEALTHY, "a pooler has several servers and one certificate",
     [] { return BehindAPooler(true); }},
    {"target.wrong_server", Standing::kVerdict, v1::DIVERGED, "another address and another certificate",
     [] { return BehindAPooler(false); }},
    {"target.wrong_server", Standing::kAbsent, v1::DIVERGED, "the same server behind another certificate",
     &Intercepted},
    {"target.wrong_server", Standing::kAbsent, v1::DIVERGED, "what is bound to TLS is offered at the end of a forward",
     [] { return OffersBindingInPlain(PlainBehindForward()); }},
    {"target.wrong_server", Standing::kVerdict, v1::DIVERGED, "another server, which has no TLS",
     &OtherServerWithoutTls},
    {"target.wrong_server", Standing::kVerdict, v1::DIVERGED, "a forward leads to what has no TLS",
     &PlainBehindForward},
    {"target.wrong_server", Standing::kVerdict, v1::DIVERGED, "the forward's port is taken", &ForwardPortTaken},
    {"target.wrong_server", Standing::kVerdict, v1::DIVERGED,
     "one password is taken inside only, and nobody shows who he is",
     [] { return RejectedOutside(kPlain, kSent, kSent); }},
    {"target.wrong_server", Standing::kAbsent, v1::DIVERGED, "the passwords may differ, and nobody shows who he is",
     [] { return RejectedOutside(kPlain, kEnvironment, kEnvironment); }},
    {"target.overloaded", Standing::kBeside, v1::HEALTHY, "the first byte takes two seconds on both sides",
     [] { return Late(2000); }},
    {"target.overloaded", Standing::kAbsent, v1::HEALTHY, "it is late outside only: that is the path",
     [] {
       RunBuilder builder;
       builder.Outside().conversation.first_byte_ms = 2000;
       return builder;
     }},
    {"target.frozen", Standing::kVerdict, v1::BOTH_FAILED, "an http target that accepts and says nothing",
     [] {
       RunBuilder builder = WebOutside(kWeb, Mute(v1::REQUEST, 40), CarriedBy::kRouted);
       builder.Inside().On("http ", Mute(v1::REQUEST, 0.4));
       return builder;
     }},
    {"target.down", Standing::kVerdict, v1::BOTH_FAILED, "an http target where nothing listens",
     [] {
       RunBuilder builder = WebOutside(kWeb, NoConnect(v1::REFUSED, 41), CarriedBy::kRouted);
       builder.Inside().On("http ", NoConnect(v1::REFUSED, 0.4));
       return builder;
     }},
};

}  // namespace

std::span<const CauseCase> TargetsCases() { return kCases; }

}  // namespace parallax::support
