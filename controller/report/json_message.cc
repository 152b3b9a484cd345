#include "controller/report/json_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "contract/names.h"

namespace parallax::report {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using nlohmann::ordered_json;

std::string EnumWord(const FieldDescriptor& field, int value) {
  const std::string& type = field.enum_type()->name();
  if (type == "Failure") return contract::Name(static_cast<v1::Failure>(value));
  if (type == "StepKind") return contract::Name(static_cast<v1::StepKind>(value));
  if (type == "End") return contract::Name(static_cast<v1::End>(value));
  if (type == "CarrierKind") return contract::Name(static_cast<v1::CarrierKind>(value));
  if (contract::IsKernelsOwn(*field.enum_type())) return contract::NameOf(*field.enum_type(), value);
  const auto* known = field.enum_type()->FindValueByNumber(value);
  return known == nullptr ? "unknown_" + std::to_string(value) : absl::AsciiStrToLower(known->name());
}

bool IsNanoseconds(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 && field.name().ends_with("_ns");
}

// -1 is "unknown" in the contract, and stays -1.
ordered_json Time(int64_t ns) { return ns == -1 ? -1.0 : Milliseconds(ns); }

std::string KeyOf(const FieldDescriptor& field) {
  std::string key = field.json_name();
  if (IsNanoseconds(field)) key.replace(key.size() - 2, 2, "Ms");
  return key;
}

ordered_json Text(const FieldDescriptor& field, const std::string& value) {
  if (field.type() != FieldDescriptor::TYPE_BYTES) return value;
  return std::string(absl::BytesToHexString(value));
}

ordered_json Repeated(const Message& message, const FieldDescriptor& field, int i) {
  const Reflection& reflection = *message.GetReflection();
  std::string scratch;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: return reflection.GetRepeatedInt32(message, &field, i);
    case FieldDescriptor::CPPTYPE_UINT32: return reflection.GetRepeatedUInt32(message, &field, i);
    case FieldDescriptor::CPPTYPE_UINT64: return reflection.GetRepeatedUInt64(message, &field, i);
    case FieldDescriptor::CPPTYPE_INT64: {
      const int64_t value = reflection.GetRepeatedInt64(message, &field, i);
      return IsNanoseconds(field) ? Time(value) : ordered_json(value);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: return reflection.GetRepeatedDouble(message, &field, i);
    case FieldDescriptor::CPPTYPE_FLOAT: return reflection.GetRepeatedFloat(message, &field, i);
    case FieldDescriptor::CPPTYPE_BOOL: return reflection.GetRepeatedBool(message, &field, i);
    case FieldDescriptor::CPPTYPE_ENUM: return EnumWord(field, reflection.GetRepeatedEnumValue(message, &field, i));
    case FieldDescriptor::CPPTYPE_STRING:
      return Text(field, reflection.GetRepeatedStringReference(message, &field, i, &scratch));
    case FieldDescriptor::CPPTYPE_MESSAGE: return MessageJson(reflection.GetRepeatedMessage(message, &field, i));
  }
  return nullptr;
}

ordered_json Single(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  std::string scratch;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: return reflection.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32: return reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64: return reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_INT64: {
      const int64_t value = reflection.GetInt64(message, &field);
      return IsNanoseconds(field) ? Time(value) : ordered_json(value);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: return reflection.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT: return reflection.GetFloat(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL: return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM: return EnumWord(field, reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_STRING: return Text(field, reflection.GetStringReference(message, &field, &scratch));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (!reflection.HasField(message, &field)) return nullptr;
      return MessageJson(reflection.GetMessage(message, &field));
  }
  return nullptr;
}

template <typename T>
bool Whole(const ordered_json& value, T* out) {
  if (value.is_number_unsigned() && std::in_range<T>(value.get<uint64_t>())) {
    *out = static_cast<T>(value.get<uint64_t>());
    return true;
  }
  if (value.is_number_unsigned() || !value.is_number_integer() || !std::in_range<T>(value.get<int64_t>())) return false;
  *out = static_cast<T>(value.get<int64_t>());
  return true;
}

bool Nanoseconds(const ordered_json& value, int64_t* ns) {
  constexpr double kMostMs = 9.2e12;  // of what 64 bits of nanoseconds hold
  if (!value.is_number() || std::abs(value.get<double>()) > kMostMs) return false;
  const double ms = value.get<double>();
  *ns = ms == -1 ? -1 : std::llround(ms * 1e6);
  return true;
}

bool EnumValue(const ordered_json& value, const FieldDescriptor& field, int* number) {
  if (!value.is_string()) return false;
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    *number = field.enum_type()->value(i)->number();
    if (EnumWord(field, *number) == value.get_ref<const std::string&>()) return true;
  }
  // Once it was a string, which held whatever a kernel said.
  *number = contract::KernelsOwnFromName(*field.enum_type(), value.get_ref<const std::string&>());
  return contract::IsKernelsOwn(*field.enum_type());
}

bool Bytes(const ordered_json& value, const FieldDescriptor& field, std::string* text) {
  if (!value.is_string()) return false;
  *text = value.get<std::string>();
  if (field.type() != FieldDescriptor::TYPE_BYTES) return true;
  const bool hex = text->size() % 2 == 0 && std::all_of(text->begin(), text->end(), [](char c) {
                     return absl::ascii_isxdigit(static_cast<unsigned char>(c));
                   });
  *text = hex ? absl::HexStringToBytes(*text) : "";
  return hex;
}

// Sets the field, or adds one more to it; false when the value is not of its type.
bool Put(const ordered_json& value, const FieldDescriptor& field, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  const bool repeated = field.is_repeated();
  const auto number = [&](auto add, auto set, auto holder) {
    if (!Whole(value, &holder)) return false;
    (reflection.*(repeated ? add : set))(message, &field, holder);
    return true;
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: return number(&Reflection::AddInt32, &Reflection::SetInt32, int32_t{});
    case FieldDescriptor::CPPTYPE_UINT32: return number(&Reflection::AddUInt32, &Reflection::SetUInt32, uint32_t{});
    case FieldDescriptor::CPPTYPE_UINT64: return number(&Reflection::AddUInt64, &Reflection::SetUInt64, uint64_t{});
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t read = 0;
      if (!(IsNanoseconds(field) ? Nanoseconds(value, &read) : Whole(value, &read))) return false;
      repeated ? reflection.AddInt64(message, &field, read) : reflection.SetInt64(message, &field, read);
      return true;
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (!value.is_number()) return false;
      repeated ? reflection.AddDouble(message, &field, value) : reflection.SetDouble(message, &field, value);
      return true;
    case FieldDescriptor::CPPTYPE_FLOAT:
      if (!value.is_number()) return false;
      repeated ? reflection.AddFloat(message, &field, value) : reflection.SetFloat(message, &field, value);
      return true;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!value.is_boolean()) return false;
      repeated ? reflection.AddBool(message, &field, value) : reflection.SetBool(message, &field, value);
      return true;
    case FieldDescriptor::CPPTYPE_ENUM: {
      int read = 0;
      if (!EnumValue(value, field, &read)) return false;
      repeated ? reflection.AddEnumValue(message, &field, read) : reflection.SetEnumValue(message, &field, read);
      return true;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text;
      if (!Bytes(value, field, &text)) return false;
      repeated ? reflection.AddString(message, &field, text) : reflection.SetString(message, &field, text);
      return true;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageFromJson(
                 value, repeated ? reflection.AddMessage(message, &field) : reflection.MutableMessage(message, &field))
          .ok();
  }
  return false;
}

}  // namespace

double Milliseconds(int64_t ns) { return static_cast<double>(ns) / 1e6; }

ordered_json MessageJson(const Message& message) {
  ordered_json json = ordered_json::object();
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (field.containing_oneof() != nullptr && !message.GetReflection()->HasField(message, &field)) continue;
    if (field.options().deprecated()) continue;  // its successor is shown
    ordered_json& slot = json[KeyOf(field)];
    if (!field.is_repeated()) {
      slot = Single(message, field);
      continue;
    }
    slot = ordered_json::array();
    for (int j = 0; j < message.GetReflection()->FieldSize(message, &field); ++j) {
      slot.push_back(Repeated(message, field, j));
    }
  }
  return json;
}

absl::Status MessageFromJson(const ordered_json& json, Message* message) {
  if (!json.is_object()) return absl::InvalidArgumentError("no object");
  const auto* descriptor = message->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    const auto found = json.find(KeyOf(field));
    if (found == json.end() || found->is_null()) continue;
    bool read = !field.is_repeated() && Put(*found, field, message);
    if (field.is_repeated()) {
      read = found->is_array() && std::all_of(found->begin(), found->end(),
                                              [&](const ordered_json& item) { return Put(item, field, message); });
    }
    if (!read) return absl::InvalidArgumentError(absl::StrCat("'", KeyOf(field), "' cannot be read"));
  }
  return absl::OkStatus();
}

}  // namespace parallax::report
