#include "contract/digest.h"

#include <openssl/sha.h>

namespace parallax::contract {

std::string Digest(std::string_view bytes) {
  unsigned char raw[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), raw);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * sizeof(raw));
  for (unsigned char byte : raw) {
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

}  // namespace parallax::contract
