#include "contract/names.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace parallax::contract {
namespace {

using google::protobuf::EnumDescriptor;

// Values whose word is not simply their name in lower case. Some names carry a suffix, since C++ has one scope for all.
struct Exception {
  std::string_view value;
  std::string_view word;
};
constexpr Exception kExceptions[] = {
    {"CARRIER_UNKNOWN", "unknown"},
    {"QUERY_RUNG", "query"},
    {"UNKNOWN_LOCALITY", "unknown"},
    {"UNDECIDED", "cannot_tell"},
    {"PROCESS_STATE_WAITING_FOR_A_DISK", "waiting for a disk"},
};

}  // namespace

// Such an enum has the name of its type before each value, and no word where nothing is known.
bool IsKernelsOwn(const EnumDescriptor& type) {
  constexpr std::string_view kTypes[] = {"LinkKind", "NeighbourState", "ProcessState", "TcpState", "RouteType"};
  return std::find(std::begin(kTypes), std::end(kTypes), type.name()) != std::end(kTypes);
}

int KernelsOwnFromName(const EnumDescriptor& type, std::string_view name) {
  for (int i = 0; i < type.value_count(); ++i) {
    const int number = type.value(i)->number();
    if (NameOf(type, number) == name) return number;
  }
  return type.name() == "LinkKind" ? static_cast<int>(v1::LINK_KIND_OTHER) : 0;
}

std::string NameOf(const EnumDescriptor& type, int value) {
  const bool kernels = IsKernelsOwn(type);
  if (value == 0) return kernels ? "" : "unspecified";
  const auto* known = type.FindValueByNumber(value);
  if (known == nullptr) return absl::StrCat("unknown_", value);
  for (const Exception& exception : kExceptions) {
    if (known->name() == exception.value) return std::string(exception.word);
  }
  std::string word = absl::AsciiStrToLower(known->name());
  if (!kernels) return word;
  const std::string& unspecified = type.FindValueByNumber(0)->name();  // TCP_STATE_UNSPECIFIED
  word.erase(0, unspecified.size() - std::string_view("UNSPECIFIED").size());
  if (type.name() == "TcpState") std::replace(word.begin(), word.end(), '_', '-');  // as ss(8) spells it
  return word;
}

std::string Name(v1::Failure value) { return NameOf(*v1::Failure_descriptor(), value); }
std::string Name(v1::StepKind value) { return NameOf(*v1::StepKind_descriptor(), value); }
std::string Name(v1::End value) { return NameOf(*v1::End_descriptor(), value); }
std::string Name(v1::CarrierKind value) { return NameOf(*v1::CarrierKind_descriptor(), value); }
std::string Name(v1::Status value) { return NameOf(*v1::Status_descriptor(), value); }
std::string Name(v1::Rung value) { return NameOf(*v1::Rung_descriptor(), value); }
std::string Name(v1::Judgement value) { return NameOf(*v1::Judgement_descriptor(), value); }
std::string Name(v1::Locality value) { return NameOf(*v1::Locality_descriptor(), value); }
std::string Name(v1::Severity value) { return NameOf(*v1::Severity_descriptor(), value); }
std::string Name(v1::Role value) { return NameOf(*v1::Role_descriptor(), value); }
std::string Name(v1::DifferenceKind value) { return NameOf(*v1::DifferenceKind_descriptor(), value); }
std::string Name(v1::NoteKind value) { return NameOf(*v1::NoteKind_descriptor(), value); }
std::string Name(v1::TlsTrouble value) { return NameOf(*v1::TlsTrouble_descriptor(), value); }
std::string Name(v1::LinkKind value) { return NameOf(*v1::LinkKind_descriptor(), value); }
std::string Name(v1::NeighbourState value) { return NameOf(*v1::NeighbourState_descriptor(), value); }
std::string Name(v1::ProcessState value) { return NameOf(*v1::ProcessState_descriptor(), value); }
std::string Name(v1::TcpState value) { return NameOf(*v1::TcpState_descriptor(), value); }
std::string Name(v1::RouteType value) { return NameOf(*v1::RouteType_descriptor(), value); }

v1::LinkKind LinkKindFromName(std::string_view name) {
  return static_cast<v1::LinkKind>(KernelsOwnFromName(*v1::LinkKind_descriptor(), name));
}
v1::NeighbourState NeighbourStateFromName(std::string_view name) {
  return static_cast<v1::NeighbourState>(KernelsOwnFromName(*v1::NeighbourState_descriptor(), name));
}
v1::ProcessState ProcessStateFromName(std::string_view name) {
  return static_cast<v1::ProcessState>(KernelsOwnFromName(*v1::ProcessState_descriptor(), name));
}
v1::TcpState TcpStateFromName(std::string_view name) {
  return static_cast<v1::TcpState>(KernelsOwnFromName(*v1::TcpState_descriptor(), name));
}
v1::RouteType RouteTypeFromName(std::string_view name) {
  return static_cast<v1::RouteType>(KernelsOwnFromName(*v1::RouteType_descriptor(), name));
}

std::string Name(v1::SslMode value) {
  switch (value) {
    case v1::DISABLE: return "disable";
    case v1::ALLOW: return "allow";
    case v1::PREFER: return "prefer";
    case v1::REQUIRE: return "require";
    case v1::VERIFY_CA: return "verify-ca";
    case v1::VERIFY_FULL: return "verify-full";
    default: return "unspecified";
  }
}

std::optional<v1::SslMode> SslModeFromName(std::string_view name) {
  for (int i = v1::DISABLE; i <= v1::VERIFY_FULL; ++i) {
    const auto mode = static_cast<v1::SslMode>(i);
    if (Name(mode) == name) return mode;
  }
  return std::nullopt;
}

std::string KindOf(v1::ProbeSpec::SpecCase kind) {
  const auto* field = v1::ProbeSpec::descriptor()->FindFieldByNumber(kind);
  return field == nullptr ? "" : field->name();
}

std::string KindOf(const v1::ProbeSpec& spec) { return KindOf(spec.spec_case()); }

}  // namespace parallax::contract
