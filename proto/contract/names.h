// Enum values as the lower-case words of the JSON report and the catalogue. Pure; thread-safe.
#ifndef PARALLAX_PROTO_CONTRACT_NAMES_H_
#define PARALLAX_PROTO_CONTRACT_NAMES_H_

#include <optional>
#include <string>
#include <string_view>

#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/finding.pb.h"
#include "parallax/v1/observation.pb.h"
#include "parallax/v1/probe.pb.h"

namespace parallax::contract {

// AuthDetails.secret_origin of a value that the controller sent. A run has one value for a reference, so two sides that
// both say so used the same. Of any other origin nothing is known of the value, and nothing is asked: a digest of it
// would let whoever starts a session guess at a secret that is the agent's own.
inline constexpr std::string_view kSentByController = "sent by the controller";

// The value's name in lower case: REFUSED -> "refused", QUERY_RUNG -> "query". A value that this version does not
// know becomes "unknown_17".
std::string Name(v1::Failure value);
std::string Name(v1::StepKind value);
std::string Name(v1::End value);
std::string Name(v1::CarrierKind value);
std::string Name(v1::Status value);
std::string Name(v1::Rung value);
std::string Name(v1::Judgement value);
std::string Name(v1::Locality value);
std::string Name(v1::Severity value);
std::string Name(v1::Role value);
std::string Name(v1::DifferenceKind value);
std::string Name(v1::NoteKind value);
std::string Name(v1::TlsTrouble value);
// libpq's spelling: "verify-full".
std::string Name(v1::SslMode value);

// The inverse of Name(SslMode); nullopt for anything else.
std::optional<v1::SslMode> SslModeFromName(std::string_view name);

// The kind of a probe as in the table of probes: "tcp"; "" when the spec is not set.
std::string KindOf(const v1::ProbeSpec& spec);
std::string KindOf(v1::ProbeSpec::SpecCase kind);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_NAMES_H_
