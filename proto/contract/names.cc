#include "contract/names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace parallax::contract {
namespace {

std::string Lower(const std::string& name, int value) {
  if (name.empty()) return absl::StrCat("unknown_", value);
  return absl::AsciiStrToLower(name);
}

}  // namespace

std::string Name(v1::Failure value) {
  if (value == v1::FAILURE_UNSPECIFIED) return "unspecified";
  return Lower(v1::Failure_Name(value), value);
}
std::string Name(v1::StepKind value) {
  if (value == v1::STEP_KIND_UNSPECIFIED) return "unspecified";
  return Lower(v1::StepKind_Name(value), value);
}
std::string Name(v1::End value) {
  if (value == v1::END_UNSPECIFIED) return "unspecified";
  return Lower(v1::End_Name(value), value);
}
std::string Name(v1::CarrierKind value) {
  if (value == v1::CARRIER_KIND_UNSPECIFIED) return "unspecified";
  if (value == v1::CARRIER_UNKNOWN) return "unknown";
  return Lower(v1::CarrierKind_Name(value), value);
}
std::string Name(v1::Status value) {
  if (value == v1::STATUS_UNSPECIFIED) return "unspecified";
  return Lower(v1::Status_Name(value), value);
}
std::string Name(v1::Rung value) {
  if (value == v1::RUNG_UNSPECIFIED) return "unspecified";
  if (value == v1::QUERY_RUNG) return "query";
  return Lower(v1::Rung_Name(value), value);
}
std::string Name(v1::Judgement value) {
  if (value == v1::JUDGEMENT_UNSPECIFIED) return "unspecified";
  return Lower(v1::Judgement_Name(value), value);
}
std::string Name(v1::Locality value) {
  if (value == v1::LOCALITY_UNSPECIFIED) return "unspecified";
  if (value == v1::UNKNOWN_LOCALITY) return "unknown";
  return Lower(v1::Locality_Name(value), value);
}
std::string Name(v1::Severity value) {
  if (value == v1::SEVERITY_UNSPECIFIED) return "unspecified";
  if (value == v1::UNDECIDED) return "cannot_tell";
  return Lower(v1::Severity_Name(value), value);
}
std::string Name(v1::Role value) {
  if (value == v1::ROLE_UNSPECIFIED) return "unspecified";
  return Lower(v1::Role_Name(value), value);
}
std::string Name(v1::DifferenceKind value) {
  if (value == v1::DIFFERENCE_KIND_UNSPECIFIED) return "unspecified";
  return Lower(v1::DifferenceKind_Name(value), value);
}
std::string Name(v1::NoteKind value) {
  if (value == v1::NOTE_KIND_UNSPECIFIED) return "unspecified";
  return Lower(v1::NoteKind_Name(value), value);
}
std::string Name(v1::TlsTrouble value) {
  if (value == v1::TLS_TROUBLE_UNSPECIFIED) return "unspecified";
  return Lower(v1::TlsTrouble_Name(value), value);
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
