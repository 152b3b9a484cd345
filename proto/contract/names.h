// Enum values as the lower-case words of the JSON report and the catalogue. Pure; thread-safe.
#ifndef PARALLAX_PROTO_CONTRACT_NAMES_H_
#define PARALLAX_PROTO_CONTRACT_NAMES_H_

#include <google/protobuf/descriptor.h>

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
// The kernel's own words, "" for UNSPECIFIED: "wireguard", "failed", "stopped", "syn-sent", "blackhole".
std::string Name(v1::LinkKind value);
std::string Name(v1::NeighbourState value);
std::string Name(v1::ProcessState value);
std::string Name(v1::TcpState value);
std::string Name(v1::RouteType value);
// libpq's spelling: "verify-full".
std::string Name(v1::SslMode value);

// What Name says of a value of any enum of the contract, for what walks over messages by reflection.
std::string NameOf(const google::protobuf::EnumDescriptor& type, int value);
// Whether the words of this enum are the kernel's own: any kernel may have one more.
bool IsKernelsOwn(const google::protobuf::EnumDescriptor& type);
// The inverse of NameOf for such an enum. UNSPECIFIED for a word that this version does not know; of a kind of
// interface: OTHER.
int KernelsOwnFromName(const google::protobuf::EnumDescriptor& type, std::string_view name);

// The same for each of them.
v1::LinkKind LinkKindFromName(std::string_view name);
v1::NeighbourState NeighbourStateFromName(std::string_view name);
v1::ProcessState ProcessStateFromName(std::string_view name);
v1::TcpState TcpStateFromName(std::string_view name);
v1::RouteType RouteTypeFromName(std::string_view name);

// The inverse of Name(SslMode); nullopt for anything else.
std::optional<v1::SslMode> SslModeFromName(std::string_view name);

// The kind of a probe as in the table of probes: "tcp"; "" when the spec is not set.
std::string KindOf(const v1::ProbeSpec& spec);
std::string KindOf(v1::ProbeSpec::SpecCase kind);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_NAMES_H_
