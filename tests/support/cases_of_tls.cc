// TLS and certificates.
#include "tests/support/cause_cases.h"
#include "tests/support/worlds.h"

namespace parallax::support {
namespace {

constexpr CauseCase kCases[] = {
    {"tls.intercepted", Standing::kVerdict, v1::DIVERGED, "another certificate, and the same server behind it",
     &Intercepted},
    {"tls.intercepted", Standing::kVerdict, v1::DIVERGED, "what is bound to the certificate is turned down",
     &BindingFails},
    {"tls.intercepted", Standing::kAbsent, v1::DIVERGED, "another server has another certificate", &OtherServer},
    {"tls.stripped", Standing::kVerdict, v1::DIVERGED, "S inside, N outside", [] { return NoTls(true, false); }},
    {"tls.stripped", Standing::kVerdict, v1::DIVERGED, "both work under prefer, and one of them in plain text",
     [] {
       RunBuilder builder("postgres://app@10.0.4.172:5432/app");
       builder.Outside().conversation.tls = false;
       return builder;
     }},
    {"tls.stripped", Standing::kAbsent, v1::BOTH_FAILED, "N on both sides", [] { return NoTls(false, false); }},
    {"tls.stripped", Standing::kVerdict, v1::DIVERGED, "what is bound to TLS is offered over plain text",
     [] { return OffersBindingInPlain(NoTls(true, false)); }},
    {"tls.stripped", Standing::kVerdict, v1::DIVERGED, "the same at the end of a forward",
     [] { return OffersBindingInPlain(PlainBehindForward()); }},
    {"tls.stripped", Standing::kAbsent, v1::DIVERGED, "another server, which has no TLS", &OtherServerWithoutTls},
    {"tls.stripped", Standing::kAbsent, v1::DIVERGED, "a forward leads to what has no TLS", &PlainBehindForward},
    {"tls.stripped", Standing::kAbsent, v1::DIVERGED, "the forward's port is taken", &ForwardPortTaken},
    {"tls.not_offered", Standing::kVerdict, v1::BOTH_FAILED, "N on both sides", [] { return NoTls(false, false); }},
    {"tls.not_offered", Standing::kAbsent, v1::DIVERGED, "S inside", [] { return NoTls(true, false); }},
    {"tls.required_by_server", Standing::kVerdict, v1::BOTH_FAILED, "plain text rejected, TLS taken",
     [] { return PlainRejected(true); }},
    {"tls.required_by_server", Standing::kAbsent, v1::BOTH_FAILED, "rejected over TLS as well",
     [] { return Words(v1::STARTUP, "28000", kNoEntry, true, true); }},
    {"tls.expired", Standing::kVerdict, v1::BOTH_FAILED, "under verify-full",
     [] { return Certificate(kVerifyFull, &OutOfDate); }},
    {"tls.expired", Standing::kBeside, v1::HEALTHY, "under require it is a note",
     [] { return Certificate(kNamedTarget, &OutOfDate); }},
    {"tls.expired", Standing::kAbsent, v1::BOTH_FAILED, "another name is no date",
     [] { return Certificate(kVerifyFull, &ForAnother); }},
    {"tls.expired", Standing::kVerdict, v1::DIVERGED, "the outside's clock is far ahead of two others",
     [] { return Clocks(0, 400, -100, 300); }},
    {"tls.expired", Standing::kVerdict, v1::DIVERGED, "the inside's clock is behind, and it is not valid there yet",
     [] { return Clocks(-400, 0, -100, 300); }},
    {"tls.expired", Standing::kVerdict, v1::DIVERGED, "it has expired, and the inside's clock is behind",
     [] { return Clocks(-400, 0, -500, -100); }},
    {"tls.expired", Standing::kAbsent, v1::HEALTHY, "the clocks are apart, and it is valid by each",
     [] { return Clocks(0, 20, -100, 300); }},
    {"tls.name_mismatch", Standing::kVerdict, v1::BOTH_FAILED, "under verify-full",
     [] { return Certificate(kVerifyFull, &ForAnother); }},
    {"tls.name_mismatch", Standing::kAbsent, v1::BOTH_FAILED, "an unknown root is no other name",
     [] { return Certificate(kVerifyFull, &OfNobody); }},
    {"tls.untrusted", Standing::kVerdict, v1::BOTH_FAILED, "under verify-full",
     [] { return Certificate(kVerifyFull, &OfNobody); }},
    {"tls.untrusted", Standing::kBeside, v1::HEALTHY, "under require it is a note",
     [] { return Certificate(kNamedTarget, &OfNobody); }},
    {"tls.untrusted", Standing::kAbsent, v1::BOTH_FAILED, "a wrong name of a known root",
     [] { return Certificate(kVerifyFull, &ForAnother); }},
    {"tls.untrusted", Standing::kVerdict, v1::BOTH_FAILED, "an https target is verified always",
     [] {
       RunBuilder builder(kSecureWeb, CarriedBy::kRouted);
       for (SideWorld* world : {&builder.Inside(), &builder.Outside()}) {
         v1::Step tls = Postgres(world->conversation).steps(2);
         tls.mutable_tls()->set_trusted(false);
         tls.mutable_tls()->set_verify_error("self-signed certificate");
         tls.set_failure(v1::TLS_CERTIFICATE);
         world->On("https", Of({Done(v1::CONNECT, 1), tls}));
       }
       return builder;
     }},
};

}  // namespace

std::span<const CauseCase> TlsCases() { return kCases; }

}  // namespace parallax::support
