#include "controller/report/json_message.h"

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
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

}  // namespace

double Milliseconds(int64_t ns) { return static_cast<double>(ns) / 1e6; }

ordered_json MessageJson(const Message& message) {
  ordered_json json = ordered_json::object();
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (field.containing_oneof() != nullptr && !message.GetReflection()->HasField(message, &field)) continue;
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

}  // namespace parallax::report
