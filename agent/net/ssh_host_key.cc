// For SHA256_Init: see SshFingerprint.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "agent/net/ssh_host_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "agent/net/clock.h"
#include "contract/limits.h"

namespace parallax::net {
namespace {

constexpr size_t kMaxPacketBytes = 35'000;  // RFC 4253 section 6.1: what every implementation must take
constexpr size_t kMaxPackets = 16;          // before the reply: KEXINIT and a few that are to be ignored
constexpr char kDisconnect = 1;
constexpr char kIgnore = 2;
constexpr char kUnimplemented = 3;
constexpr char kDebug = 4;
constexpr char kKexInit = 20;
constexpr char kKexEcdhInit = 30;
constexpr char kKexEcdhReply = 31;
// The key that a client would be shown today comes first: that is the one people have seen.
constexpr std::string_view kHostKeyAlgorithms =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256,ssh-rsa";
constexpr std::string_view kCiphers =
    "chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com";
constexpr std::string_view kMacs = "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,hmac-sha1";
constexpr std::string_view kKex = "curve25519-sha256,curve25519-sha256@libssh.org";

void PutUint32(uint32_t value, std::string* to) {
  for (int shift = 24; shift >= 0; shift -= 8) to->push_back(static_cast<char>((value >> shift) & 0xff));
}

uint32_t GetUint32(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

void PutString(std::string_view value, std::string* to) {
  PutUint32(static_cast<uint32_t>(value.size()), to);
  to->append(value);
}

// Takes a length-prefixed string off the front; false when there is none.
bool TakeString(std::string_view* from, std::string_view* value) {
  if (from->size() < 4) return false;
  const uint32_t size = GetUint32(*from);
  if (size > from->size() - 4) return false;
  *value = from->substr(4, size);
  from->remove_prefix(4 + size);
  return true;
}

bool Lists(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const size_t comma = std::min(names.find(','), names.size());
    if (names.substr(0, comma) == name) return true;
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return false;
}

// RFC 4253 section 6, before any cipher: the whole is a multiple of 8, with at least 4 bytes of padding.
std::string Packet(std::string_view payload) {
  size_t padding = 8 - (payload.size() + 5) % 8;
  if (padding < 4) padding += 8;
  std::string packet;
  PutUint32(static_cast<uint32_t>(1 + payload.size() + padding), &packet);
  packet.push_back(static_cast<char>(padding));
  packet.append(payload);
  packet.append(padding, '\0');
  return packet;
}

std::string KexInit() {
  std::string payload(1, kKexInit);
  std::array<unsigned char, 16> cookie{};
  RAND_bytes(cookie.data(), cookie.size());
  payload.append(cookie.begin(), cookie.end());
  PutString(kKex, &payload);
  PutString(kHostKeyAlgorithms, &payload);
  for (int direction = 0; direction < 2; ++direction) PutString(kCiphers, &payload);
  for (int direction = 0; direction < 2; ++direction) PutString(kMacs, &payload);
  for (int direction = 0; direction < 2; ++direction) PutString("none,zlib@openssh.com", &payload);
  for (int direction = 0; direction < 2; ++direction) PutString("", &payload);  // languages
  payload.push_back(0);                                                         // no guessed packet follows
  PutUint32(0, &payload);
  return payload;
}

// A fresh X25519 public key: a server refuses one that is not on the curve. The private half is dropped.
std::string FreshPublicKey() {
  EVP_PKEY* raw = nullptr;
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_X25519, nullptr), &EVP_PKEY_CTX_free);
  if (context == nullptr || EVP_PKEY_keygen_init(context.get()) != 1 || EVP_PKEY_keygen(context.get(), &raw) != 1) {
    return "";
  }
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(raw, &EVP_PKEY_free);
  std::array<unsigned char, 32> bytes{};
  size_t size = bytes.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) != 1) return "";
  return std::string(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

// Reads packets out of a stream.
class PacketReader {
 public:
  PacketReader(ByteStream& stream, std::string buffered, int64_t deadline_ns)
      : stream_(stream), buffer_(std::move(buffered)), deadline_ns_(deadline_ns) {}

  // The payload of the next packet of type `wanted`.
  SshHostKey Next(char wanted, std::string* payload) {
    while (packets_++ < kMaxPackets) {
      if (SshHostKey failed = ReadOne(payload); failed.failure != v1::NONE) return failed;
      const char type = payload->front();
      if (type == wanted) return {};
      if (type == kDisconnect) {
        std::string_view rest = std::string_view(*payload).substr(std::min<size_t>(5, payload->size()));
        std::string_view why;
        TakeString(&rest, &why);
        return Failed(v1::CLOSED, absl::StrCat("the server disconnects: ", contract::Printable(why, 200)));
      }
      if (type != kIgnore && type != kDebug && type != kUnimplemented) {
        return Failed(v1::PROTOCOL_VIOLATION, absl::StrCat("an unexpected message ", int{type}));
      }
    }
    return Failed(v1::PROTOCOL_VIOLATION, "too many messages that are to be ignored");
  }

  static SshHostKey Failed(v1::Failure failure, std::string text) { return {failure, std::move(text), "", ""}; }

 private:
  SshHostKey Fill(size_t size) {
    while (buffer_.size() < size) {
      const IoResult got = stream_.Read(&buffer_, size - buffer_.size(), deadline_ns_);
      if (!got.ok()) return Failed(got.failure, got.text.empty() ? "no host key came" : got.text);
    }
    return {};
  }

  SshHostKey ReadOne(std::string* payload) {
    if (SshHostKey failed = Fill(5); failed.failure != v1::NONE) return failed;
    const size_t size = GetUint32(buffer_);
    const auto padding = static_cast<unsigned char>(buffer_[4]);
    if (size > kMaxPacketBytes || size < size_t{padding} + 2) {
      return Failed(v1::PROTOCOL_VIOLATION, absl::StrCat("a packet of ", size, " bytes"));
    }
    if (SshHostKey failed = Fill(4 + size); failed.failure != v1::NONE) return failed;
    *payload = buffer_.substr(5, size - 1 - padding);
    buffer_.erase(0, 4 + size);
    return {};
  }

  ByteStream& stream_;
  std::string buffer_;
  const int64_t deadline_ns_;
  size_t packets_ = 0;
};

}  // namespace

SshBanner ReadSshBanner(ByteStream& stream, int64_t deadline_ns) {
  SshBanner banner;
  std::string bytes;
  size_t line_start = 0;
  const auto give_up = [&](v1::Failure failure, std::string text, int error) {
    banner.failure = failure;
    banner.text = std::move(text);
    banner.os_error = error;
    banner.bytes_in = bytes.size();
    if (banner.line.empty()) banner.line = bytes.substr(0, 255);
    return banner;
  };
  while (bytes.size() < kMaxBannerBytes) {
    const IoResult got = stream.Read(&bytes, kMaxBannerBytes - bytes.size(), deadline_ns);
    if (!got.ok()) return give_up(got.failure, got.text, got.os_error);
    if (banner.first_byte_at_ns == 0) banner.first_byte_at_ns = SystemClock().MonotonicNs();
    for (size_t end = bytes.find('\n', line_start); end != std::string::npos; end = bytes.find('\n', line_start)) {
      std::string line = bytes.substr(line_start, end - line_start);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      line_start = end + 1;
      if (line.starts_with("SSH-")) {
        banner.line = std::move(line);
        banner.rest = bytes.substr(line_start);
        banner.bytes_in = bytes.size();
        return banner;
      }
      if (banner.line.empty()) banner.line = line.substr(0, 255);
    }
  }
  return give_up(v1::PROTOCOL_VIOLATION, "no SSH version in the first 8 KiB", 0);
}

SshHostKey AskSshHostKey(ByteStream& stream, const SshBanner& banner, int64_t deadline_ns) {
  const std::string public_key = FreshPublicKey();
  if (public_key.empty()) return PacketReader::Failed(v1::LOCAL_RESOURCE, "this OpenSSL has no X25519");
  const std::string hello = absl::StrCat("SSH-2.0-parallax_", PARALLAX_VERSION, "\r\n", Packet(KexInit()));
  if (IoResult sent = stream.Write(hello, deadline_ns); !sent.ok()) {
    return PacketReader::Failed(sent.failure, sent.text);
  }
  PacketReader packets(stream, banner.rest, deadline_ns);
  std::string payload;
  if (SshHostKey failed = packets.Next(kKexInit, &payload); failed.failure != v1::NONE) return failed;
  std::string_view offer = std::string_view(payload).substr(std::min<size_t>(17, payload.size()));
  std::string_view kex;
  if (!TakeString(&offer, &kex)) return PacketReader::Failed(v1::PROTOCOL_VIOLATION, "a KEXINIT without names");
  if (!Lists(kex, "curve25519-sha256") && !Lists(kex, "curve25519-sha256@libssh.org")) {
    return PacketReader::Failed(v1::UNSUPPORTED, "the server does not offer curve25519-sha256");
  }
  std::string init(1, kKexEcdhInit);
  PutString(public_key, &init);
  if (IoResult sent = stream.Write(Packet(init), deadline_ns); !sent.ok()) {
    return PacketReader::Failed(sent.failure, sent.text);
  }
  if (SshHostKey failed = packets.Next(kKexEcdhReply, &payload); failed.failure != v1::NONE) return failed;
  std::string_view reply = std::string_view(payload).substr(1);
  std::string_view blob;
  SshHostKey key;
  if (TakeString(&reply, &blob)) key.type = SshKeyType(blob);
  if (key.type.empty()) return PacketReader::Failed(v1::PROTOCOL_VIOLATION, "a reply without a host key");
  key.sha256 = SshFingerprint(blob);
  return key;
}

std::string SshKeyType(std::string_view blob) {
  std::string_view type;
  if (!TakeString(&blob, &type) || type.empty() || type.size() > 64) return "";
  const auto plain = [](char c) { return c > ' ' && c < 127; };
  return std::all_of(type.begin(), type.end(), plain) ? std::string(type) : "";
}

std::string SshFingerprint(std::string_view blob) {
  // Every agent does this before its Hello, for its own keys. By EVP it would load OpenSSL's configuration and
  // providers, which take 2 MB and 10 ms, into an agent that may never speak TLS.
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_CTX hash;
  SHA256_Init(&hash);
  SHA256_Update(&hash, blob.data(), blob.size());
  SHA256_Final(digest.data(), &hash);
  std::string base64 = absl::Base64Escape(std::string(digest.begin(), digest.end()));
  while (!base64.empty() && base64.back() == '=') base64.pop_back();
  return absl::StrCat("SHA256:", base64);
}

}  // namespace parallax::net
