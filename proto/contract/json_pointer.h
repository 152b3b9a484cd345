// JSON pointers (RFC 6901), as a plan carries them. Pure; thread-safe.
#ifndef PARALLAX_PROTO_CONTRACT_JSON_POINTER_H_
#define PARALLAX_PROTO_CONTRACT_JSON_POINTER_H_

#include <string_view>

namespace parallax::contract {

// RFC 6901 section 3: "" or a '/' first, and '~' only in ~0, which is '~', and ~1, which is '/'.
bool IsJsonPointer(std::string_view text);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_JSON_POINTER_H_
