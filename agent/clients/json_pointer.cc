#include "agent/clients/json_pointer.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"

namespace parallax::clients {
namespace {

// Section 4: ~1 is '/', ~0 is '~', in that order.
std::string Unescape(std::string_view token) {
  std::string name;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    name += escape ? (token[++i] == '0' ? '~' : '/') : token[i];
  }
  return name;
}

const nlohmann::json* Element(const nlohmann::json& array, std::string_view token) {
  const bool leading_zero = token.size() > 1 && token[0] == '0';
  size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool digits = error == std::errc() && end == token.data() + token.size() && !leading_zero;
  return digits && index < array.size() ? &array[index] : nullptr;
}

}  // namespace

nlohmann::json ParseJson(std::string_view text, std::string* why_not) {
  bool too_deep = false;
  const auto keep = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json&) {
    const bool opens =
        event == nlohmann::json::parse_event_t::array_start || event == nlohmann::json::parse_event_t::object_start;
    too_deep = too_deep || (opens && depth >= kMaxJsonDepth);
    return !too_deep;  // nothing more of it is kept
  };
  nlohmann::json document = nlohmann::json::parse(text, keep, /*allow_exceptions=*/false);
  if (too_deep) document = nlohmann::json::value_t::discarded;
  if (!document.is_discarded()) return document;
  *why_not = too_deep ? absl::StrCat("the body is JSON of more than ", kMaxJsonDepth, " levels, which is not read")
                      : "the body is no JSON";
  return document;
}

const nlohmann::json* FindByPointer(const nlohmann::json& document, std::string_view pointer) {
  const nlohmann::json* at = &document;
  while (at != nullptr && !pointer.empty()) {
    if (pointer[0] != '/') return nullptr;
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    if (at->is_array()) {
      at = Element(*at, token);
    } else {
      const auto found = at->is_object() ? at->find(Unescape(token)) : at->end();
      at = at->is_object() && found != at->end() ? &*found : nullptr;
    }
  }
  return at;
}

std::string JsonText(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

}  // namespace parallax::clients
