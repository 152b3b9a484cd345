// The server's own words.
#include "tests/support/cause_cases.h"
#include "tests/support/worlds.h"

namespace parallax::support {
namespace {

constexpr CauseCase kCases[] = {
    {"postgres.source_rejected", Standing::kVerdict, v1::DIVERGED, "28000 outside only",
     [] { return Words(v1::STARTUP, "28000", kNoEntry, false, true); }},
    {"postgres.source_rejected", Standing::kAbsent, v1::BOTH_FAILED, "28000 on both sides",
     [] { return Words(v1::STARTUP, "28000", kNoEntry, true, true); }},
    {"postgres.credentials_differ", Standing::kVerdict, v1::DIVERGED, "28P01 outside only",
     [] { return Words(v1::AUTHENTICATION, "28P01", "password authentication failed", false, true); }},
    {"postgres.credentials_differ", Standing::kAbsent, v1::DIVERGED,
     "28P01 in one attempt of three: the password is the same",
     [] {
       return OneOfThreeFails(CarriedBy::kSst,
                              PostgresUntil(Said(v1::AUTHENTICATION, "28P01", "password authentication failed", 42)));
     }},
    {"postgres.credentials_differ", Standing::kVerdict, v1::DIVERGED,
     "each from its own environment, and nobody shows who he is",
     [] { return RejectedOutside(kPlain, kEnvironment, kEnvironment); }},
    {"postgres.credentials_differ", Standing::kVerdict, v1::DIVERGED,
     "one from its environment, one from the controller", [] { return RejectedOutside(kTarget, kEnvironment, kSent); }},
    {"postgres.credentials_differ", Standing::kAbsent, v1::DIVERGED,
     "one value was sent to both, and one certificate seen", [] { return RejectedOutside(kTarget, kSent, kSent); }},
    {"postgres.credentials_differ", Standing::kAbsent, v1::DIVERGED,
     "one value was sent to both, and nobody shows who he is", [] { return RejectedOutside(kPlain, kSent, kSent); }},
    {"postgres.credentials_differ", Standing::kAbsent, v1::BOTH_FAILED, "28P01 on both sides",
     [] { return Words(v1::AUTHENTICATION, "28P01", "password authentication failed", true, true); }},
    {"postgres.credentials_rejected", Standing::kVerdict, v1::BOTH_FAILED, "28P01 on both sides",
     [] { return Words(v1::AUTHENTICATION, "28P01", "password authentication failed", true, true); }},
    {"postgres.credentials_rejected", Standing::kVerdict, v1::BOTH_FAILED, "08P01 of a pooler on both sides",
     [] { return Words(v1::AUTHENTICATION, "08P01", "SASL authentication failed", true, true); }},
    {"postgres.credentials_rejected", Standing::kAbsent, v1::DIVERGED, "28P01 outside only",
     [] { return Words(v1::AUTHENTICATION, "28P01", "password authentication failed", false, true); }},
    {"postgres.database_missing", Standing::kVerdict, v1::BOTH_FAILED, "3D000 on both sides",
     [] { return Words(v1::READY, "3D000", "database \"app\" does not exist", true, true); }},
    {"postgres.database_missing", Standing::kAbsent, v1::DIVERGED, "3D000 outside only",
     [] { return Words(v1::READY, "3D000", "database \"app\" does not exist", false, true); }},
    {"postgres.too_many_connections", Standing::kVerdict, v1::BOTH_FAILED, "53300 on both sides",
     [] { return Words(v1::READY, "53300", "sorry, too many clients already", true, true); }},
    {"postgres.too_many_connections", Standing::kVerdict, v1::DIVERGED, "53300 for the one that came last",
     [] { return Words(v1::READY, "53300", "sorry, too many clients already", false, true); }},
    {"postgres.too_many_connections", Standing::kVerdict, v1::BOTH_FAILED, "a pooler says it at startup",
     [] { return Words(v1::STARTUP, "08P01", "no more connections allowed (max_client_conn)", true, true); }},
    {"postgres.too_many_connections", Standing::kAbsent, v1::BOTH_FAILED, "another error of a pooler at startup",
     [] { return Words(v1::STARTUP, "08P01", "no such user: app", true, true); }},
};

}  // namespace

std::span<const CauseCase> LoginsCases() { return kCases; }

}  // namespace parallax::support
