// The digest that proves that the sides ran the same plan. Pure; thread-safe.
#ifndef PARALLAX_PROTO_CONTRACT_DIGEST_H_
#define PARALLAX_PROTO_CONTRACT_DIGEST_H_

#include <string>
#include <string_view>

namespace parallax::contract {

// SHA-256 (FIPS 180-4) of `bytes` as 64 lower-case hex digits. Always taken over the bytes that travelled:
// protobuf serialization is not canonical, so re-serializing a parsed plan may give other bytes.
std::string Digest(std::string_view bytes);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_DIGEST_H_
