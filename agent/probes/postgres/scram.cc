#define OPENSSL_SUPPRESS_DEPRECATED  // for SaltedPassword()
#include "agent/probes/postgres/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace parallax::probes::postgres {
namespace {

constexpr size_t kDigestBytes = 32;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string Hash(const EVP_MD* kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr) != 1) return "";
  return {reinterpret_cast<const char*>(digest.data()), size};
}

// Goes on from `begun`, whose block is hashed already, to the end of `bytes`.
void Finish(SHA256_CTX begun, const unsigned char* bytes, size_t size, unsigned char* digest) {
  SHA256_Update(&begun, bytes, size);
  SHA256_Final(digest, &begun);
}

std::string Hmac(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(bytes), bytes.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string Base64(std::string_view bytes) { return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size())); }

std::string RandomNonce() {
  std::array<unsigned char, 18> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return "";
  return Base64(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string Gs2Header(ChannelBinding binding) {
  switch (binding) {
    case ChannelBinding::kNotOffered: return "y,,";
    case ChannelBinding::kEndPoint: return "p=tls-server-end-point,,";
    case ChannelBinding::kNone: break;
  }
  return "n,,";
}

// The value of "X=value" in a comma-separated list; false when it is not there.
bool Attribute(std::string_view message, char name, std::string_view* value) {
  while (!message.empty()) {
    const size_t comma = message.find(',');
    const std::string_view item = message.substr(0, comma);
    if (item.size() >= 2 && item[0] == name && item[1] == '=') {
      *value = item.substr(2);
      return true;
    }
    message.remove_prefix(comma == std::string_view::npos ? message.size() : comma + 1);
  }
  return false;
}

bool FromBase64(std::string_view text, std::string* out) {
  return absl::Base64Unescape(absl::string_view(text.data(), text.size()), out);
}

}  // namespace

// PKCS5_PBKDF2_HMAC() of OpenSSL 3 takes 1.6 ms for 4096 iterations, most of them spent in copying contexts through its
// providers; this takes 0.5 ms, a third of a login on the same host. Hence the functions that OpenSSL would rather
// retire.
std::string SaltedPassword(std::string_view password, std::string_view salt, int iterations) {
  std::string key(password);
  if (key.size() > SHA256_CBLOCK) key = Hash(EVP_sha256(), key);
  key.resize(SHA256_CBLOCK, '\0');
  const auto begin = [&key](char pad, SHA256_CTX* context) {  // RFC 2104: the padded key fills the first block
    std::string padded = key;
    for (char& c : padded) c = static_cast<char>(c ^ pad);
    SHA256_Init(context);
    SHA256_Update(context, padded.data(), padded.size());
    OPENSSL_cleanse(padded.data(), padded.size());
  };
  SHA256_CTX inner;
  SHA256_CTX outer;
  begin(0x36, &inner);
  begin(0x5c, &outer);
  std::array<unsigned char, kDigestBytes> u;
  const std::string first = absl::StrCat(absl::string_view(salt.data(), salt.size()), std::string("\0\0\0\1", 4));
  Finish(inner, Bytes(first), first.size(), u.data());
  Finish(outer, u.data(), u.size(), u.data());
  std::array<unsigned char, kDigestBytes> sum = u;
  for (int i = 1; i < iterations; ++i) {
    Finish(inner, u.data(), u.size(), u.data());
    Finish(outer, u.data(), u.size(), u.data());
    for (size_t k = 0; k < sum.size(); ++k) sum[k] ^= u[k];
  }
  std::string salted(reinterpret_cast<const char*>(sum.data()), sum.size());
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(&inner, sizeof(inner));
  OPENSSL_cleanse(&outer, sizeof(outer));
  OPENSSL_cleanse(u.data(), u.size());
  OPENSSL_cleanse(sum.data(), sum.size());
  return salted;
}

ScramClient::ScramClient(std::string password, ChannelBinding binding, std::string end_point, std::string nonce,
                         std::string user)
    : password_(std::move(password)),
      gs2_header_(Gs2Header(binding)),
      end_point_(std::move(end_point)),
      nonce_(nonce.empty() ? RandomNonce() : std::move(nonce)),
      user_(std::move(user)) {}

std::string ScramClient::ClientFirst() const { return absl::StrCat(gs2_header_, "n=", user_, ",r=", nonce_); }

absl::StatusOr<std::string> ScramClient::ClientFinal(std::string_view server_first) {
  std::string_view nonce;
  std::string_view salt_text;
  std::string_view iterations_text;
  if (server_first.starts_with("m=")) {
    return absl::InvalidArgumentError("the server's SCRAM demands an extension that is not known here");
  }
  if (!Attribute(server_first, 'r', &nonce) || !Attribute(server_first, 's', &salt_text) ||
      !Attribute(server_first, 'i', &iterations_text)) {
    return absl::InvalidArgumentError("the server's first SCRAM message lacks r, s or i (RFC 5802 section 5.1)");
  }
  if (nonce_.empty() || nonce.size() <= nonce_.size() || nonce.substr(0, nonce_.size()) != nonce_) {
    return absl::InvalidArgumentError("the server's SCRAM nonce does not begin with ours");
  }
  std::string salt;
  int iterations = 0;
  const char* end = iterations_text.data() + iterations_text.size();
  const auto parsed = std::from_chars(iterations_text.data(), end, iterations);
  if (!FromBase64(salt_text, &salt) || parsed.ec != std::errc() || parsed.ptr != end || iterations < 1) {
    return absl::InvalidArgumentError("the server's SCRAM salt or iteration count is malformed");
  }
  if (iterations > kMaxIterations) {
    return absl::InvalidArgumentError(
        absl::StrCat("the server asks for ", iterations, " SCRAM iterations; at most ", kMaxIterations));
  }
  const std::string salted_password = SaltedPassword(password_, salt, iterations);

  const std::string client_key = Hmac(salted_password, "Client Key");
  const std::string without_proof = absl::StrCat("c=", Base64(gs2_header_ + end_point_), ",r=", std::string(nonce));
  const std::string first_bare = ClientFirst().substr(gs2_header_.size());
  const std::string auth_message = absl::StrCat(first_bare, ",", std::string(server_first), ",", without_proof);
  const std::string signature = Hmac(Hash(EVP_sha256(), client_key), auth_message);
  std::string proof = client_key;
  for (size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
  server_signature_ = Hmac(Hmac(salted_password, "Server Key"), auth_message);
  return absl::StrCat(without_proof, ",p=", Base64(proof));
}

absl::Status ScramClient::VerifyServerFinal(std::string_view server_final) const {
  std::string_view text;
  std::string signature;
  if (!Attribute(server_final, 'v', &text) || !FromBase64(text, &signature)) {
    return absl::InvalidArgumentError("the server's last SCRAM message has no signature");
  }
  if (server_signature_.empty() || signature.size() != server_signature_.size() ||
      CRYPTO_memcmp(signature.data(), server_signature_.data(), signature.size()) != 0) {
    return absl::PermissionDeniedError("the server's SCRAM signature is wrong: it does not know this password");
  }
  return absl::OkStatus();
}

std::string Md5Hex(std::string_view bytes) {
  const std::string digest = Hash(EVP_md5(), bytes);
  return absl::BytesToHexString(digest);
}

}  // namespace parallax::probes::postgres
