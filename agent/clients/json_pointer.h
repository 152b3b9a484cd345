// A JSON document that a peer sent, and JSON Pointer (RFC 6901) over it. Pure; thread-safe.
#ifndef PARALLAX_AGENT_CLIENTS_JSON_POINTER_H_
#define PARALLAX_AGENT_CLIENTS_JSON_POINTER_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace parallax::clients {

// Deeper ones are refused: what walks a document, its printing too, takes stack for each level.
inline constexpr int kMaxJsonDepth = 128;

// The document; discarded (is_discarded()), with the reason, when the text is none, or deeper than kMaxJsonDepth.
nlohmann::json ParseJson(std::string_view text, std::string* why_not);

// The value that `pointer` names ("" is the whole document), or null when there is none. "-", the element after an
// array's last, names none. A pointer that is not well-formed names none: plans are checked before.
const nlohmann::json* FindByPointer(const nlohmann::json& document, std::string_view pointer);

// A string as it is, anything else in its shortest form: true, 42, {"a":1}.
std::string JsonText(const nlohmann::json& value);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_JSON_POINTER_H_
