#include "controller/dispatch/scrub.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "contract/limits.h"

namespace parallax::dispatch {
namespace {

constexpr size_t kMaxStringBytes = 4 * 1024;

}  // namespace

Scrub::Scrub(const std::vector<v1::SecretValue>& secrets) {
  for (const v1::SecretValue& secret : secrets) {
    if (!secret.value().empty()) values_.push_back(secret.value());
  }
  // A secret that contains another goes first, or its rest would stay.
  std::sort(values_.begin(), values_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Scrub::Text(std::string text) const {
  for (const std::string& value : values_) {
    for (size_t at = text.find(value); at != std::string::npos; at = text.find(value, at + 3)) {
      text.replace(at, value.size(), "***");
    }
  }
  return text;
}

void Scrub::Printable(google::protobuf::Message& message) {
  using google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Printable(*(field->is_repeated() ? reflection.MutableRepeatedMessage(&message, field, i)
                                         : reflection.MutableMessage(&message, field)));
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        if (field->is_repeated()) {
          reflection.SetRepeatedString(
              &message, field, i,
              contract::Printable(reflection.GetRepeatedString(message, field, i), kMaxStringBytes));
        } else {
          reflection.SetString(&message, field,
                               contract::Printable(reflection.GetString(message, field), kMaxStringBytes));
        }
      }
    }
  }
}

void Scrub::Clean(v1::Observation& observation) const {
  observation.set_error(Text(observation.error()));
  for (v1::Step& step : *observation.mutable_steps()) {
    step.set_text(Text(step.text()));
    if (step.has_server_error()) {
      step.mutable_server_error()->set_message(Text(step.server_error().message()));
    }
  }
  Printable(observation);
}

}  // namespace parallax::dispatch
