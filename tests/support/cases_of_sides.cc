// The sides, the real client, and what no cause explains.
#include "tests/support/cause_cases.h"
#include "tests/support/worlds.h"

namespace parallax::support {
namespace {

constexpr CauseCase kCases[] = {
    {"unexplained", Standing::kVerdict, v1::BOTH_FAILED, "a name that leads each side to itself, by ::1",
     [] { return LeadsToItself("::1", true); }},
    {"unexplained", Standing::kVerdict, v1::DIVERGED, "one password, one certificate, and two answers",
     [] { return RejectedOutside(kTarget, kSent, kSent); }},
    {"vantage.missing", Standing::kVerdict, v1::CANNOT_TELL, "the inside never came, and outside all is well",
     [] {
       RunBuilder builder;
       builder.Inside().Missing("ssh: connection timed out");
       return builder;
     }},
    {"vantage.missing", Standing::kVerdict, v1::CANNOT_TELL,
     "the inside is lost in the middle, and all was well until then",
     [] {
       RunBuilder builder;
       builder.Inside().LostAfter(1, "the agent was lost while running attempt 2 of 3");
       return builder;
     }},
    {"vantage.missing", Standing::kAbsent, v1::HEALTHY, "a witness that never came takes nothing away",
     [] {
       RunBuilder builder;
       builder.Witness("bastion", CarriedBy::kRouted, 0.3).Missing("ssh: connection timed out");
       return builder;
     }},
    {"vantage.unlike", Standing::kVerdict, v1::CANNOT_TELL, "a policy denies the target inside",
     [] {
       RunBuilder builder;
       builder.Inside().On("postgres", NoConnect(v1::DENIED_BY_POLICY, 0));
       return builder;
     }},
    {"vantage.unlike", Standing::kVerdict, v1::CANNOT_TELL, "an older agent does not know the probe",
     [] {
       RunBuilder builder;
       builder.Outside().CannotAsk("postgres", v1::UNSUPPORTED, "no such probe");
       return builder;
     }},
    {"vantage.unlike", Standing::kAbsent, v1::DIVERGED, "a failure of the network is no refusal of the agent",
     &DroppedBeyond},
    {"unexplained", Standing::kVerdict, v1::DIVERGED, "the server talks nonsense outside",
     [] { return EndsAt(Failed(v1::READY, v1::PROTOCOL_VIOLATION, 40)); }},
    {"unexplained", Standing::kAbsent, v1::DIVERGED, "a cause is named", &CarrierDead},
    {"unexplained", Standing::kAbsent, v1::HEALTHY, "there is nothing to explain", [] { return RunBuilder(); }},
    {"evidence.unsteady", Standing::kBeside, v1::DIVERGED, "one attempt of three fails",
     [] { return OneOfThreeFails(CarriedBy::kRouted, NoConnect(v1::TIMED_OUT, 5000)); }},
    {"evidence.unsteady", Standing::kAbsent, v1::DIVERGED, "a reset and a close are one class",
     [] {
       RunBuilder builder = CarrierDead();
       builder.Outside().OnAttempt(
           2, "postgres", Of({Done(v1::CONNECT, 0.5), Failed(v1::SSL_REQUEST, v1::RESET_BEFORE_FIRST_BYTE, 0.4)}));
       return builder;
     }},
    {"app.command_differs", Standing::kVerdict, v1::DIVERGED, "only the real client's login fails outside",
     &ClientFailsOutside},
    {"app.command_differs", Standing::kVerdict, v1::DIVERGED, "a megabyte does not come down outside",
     [] {
       RunBuilder builder = WithClient();
       builder.Outside().On(
           "sql", Of({Done(v1::CLIENT_CONNECT, 300), Done(v1::QUERY, 40), Failed(v1::DOWNLOAD, v1::TIMED_OUT, 5000)}));
       return builder;
     }},
    {"app.command_differs", Standing::kVerdict, v1::DIVERGED, "only the real client fails, and inside",
     [] {
       RunBuilder builder = WithClient();
       builder.Inside().On("sql", Of({Failed(v1::CLIENT_CONNECT, v1::TLS_CERTIFICATE, 40)}));
       return builder;
     }},
    {"app.command_differs", Standing::kAbsent, v1::HEALTHY, "the real client works on both sides",
     [] { return WithClient(); }},
    {"app.command_differs", Standing::kAbsent, v1::DIVERGED, "it fails in one attempt of three",
     [] {
       RunBuilder builder = WithClient();
       builder.Outside().OnAttempt(2, "sql", Of({Failed(v1::CLIENT_CONNECT, v1::CLOSED_BEFORE_FIRST_BYTE, 130)}));
       return builder;
     }},
    {"evidence.unsteady", Standing::kBeside, v1::DIVERGED, "the real client fails in one attempt of three",
     [] {
       RunBuilder builder = WithClient();
       builder.Outside().OnAttempt(2, "sql", Of({Failed(v1::CLIENT_CONNECT, v1::CLOSED_BEFORE_FIRST_BYTE, 130)}));
       return builder;
     }},
    {"app.command_differs", Standing::kAbsent, v1::BOTH_FAILED, "it fails on both sides",
     [] {
       RunBuilder builder = ClientFailsOutside();
       builder.Inside().On("sql", Of({Said(v1::CLIENT_CONNECT, "28000", "no pg_hba.conf entry", 4)}));
       return builder;
     }},
    {"app.command_differs", Standing::kAbsent, v1::DIVERGED, "the target itself fails outside, and so does its client",
     [] {
       RunBuilder builder = CarrierDead();
       builder.options.client.emplace();
       return builder;
     }},
    {"app.command_differs", Standing::kAbsent, v1::CANNOT_TELL, "the client's program is not installed outside",
     [] {
       RunBuilder builder = WithClient();
       builder.Outside().CannotAsk("sql", v1::UNSUPPORTED, "parallax-agent-client is not installed");
       return builder;
     }},
    {"unexplained", Standing::kVerdict, v1::DIVERGED, "where an http target redirects to, TLS is reset",
     [] { return WebOutside(kWeb, LaterHop(v1::TLS_HANDSHAKE, v1::RESET), CarriedBy::kRouted); }},
    {"unexplained", Standing::kVerdict, v1::DIVERGED, "where an http target redirects to, nothing listens",
     [] { return WebOutside(kWeb, LaterHop(v1::CONNECT, v1::REFUSED), CarriedBy::kRouted); }},
    {"unexplained", Standing::kVerdict, v1::DIVERGED, "where an http target redirects to, all is silent",
     [] { return WebOutside(kWeb, LaterHop(v1::CONNECT, v1::TIMED_OUT), CarriedBy::kRouted); }},
    {"unexplained", Standing::kVerdict, v1::DIVERGED, "an http target that answers otherwise outside",
     [] { return WebOutside(kWeb, WebAnswer("503"), CarriedBy::kRouted); }},
};

}  // namespace

std::span<const CauseCase> SidesCases() { return kCases; }

}  // namespace parallax::support
