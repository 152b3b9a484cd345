#include "agent/probes/erase_secret.h"

#include <string>
#include <vector>

namespace parallax::probes {
namespace {

constexpr std::string_view kErased = "***";

bool Erase(std::string_view secret, std::string* text) {
  bool found = false;
  for (size_t at = text->find(secret); at != std::string::npos; at = text->find(secret, at + kErased.size())) {
    text->replace(at, secret.size(), kErased);
    found = true;
  }
  return found;
}

}  // namespace

std::string WithoutSecret(std::string_view secret, std::string_view text) {
  std::string without(text);
  if (!secret.empty()) Erase(secret, &without);
  return without;
}

void EraseSecret(std::string_view secret, google::protobuf::Message* message) {
  using google::protobuf::FieldDescriptor;
  if (secret.empty()) return;
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection->FieldSize(*message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        EraseSecret(secret, field->is_repeated() ? reflection->MutableRepeatedMessage(message, field, i)
                                                 : reflection->MutableMessage(message, field));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        std::string text = field->is_repeated() ? reflection->GetRepeatedString(*message, field, i)
                                                : reflection->GetString(*message, field);
        if (!Erase(secret, &text)) continue;
        if (field->is_repeated()) {
          reflection->SetRepeatedString(message, field, i, std::move(text));
        } else {
          reflection->SetString(message, field, std::move(text));
        }
      }
    }
  }
}

}  // namespace parallax::probes
