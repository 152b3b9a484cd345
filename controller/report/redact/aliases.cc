#include "controller/report/redact/aliases.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "contract/digest.h"
#include "controller/report/redact/tokens.h"
#include "controller/report/redact/words.h"

namespace parallax::report {
namespace {

// Of the bits that say what kind of address it is.
size_t KeptBits4(uint32_t address) {
  const uint32_t first = address >> 24U;
  if (first == 0 || first == 127 || first >= 224 || address >> 16U == 0xA9FE) return 32;
  // In these a private or a shared range begins in the second octet.
  return first == 172 || first == 192 || first == 169 || first == 100 || first == 198 ? 16 : 8;
}

std::string Bits(const unsigned char* bytes, size_t count) {
  std::string bits;
  for (size_t i = 0; i < count; ++i) bits += (bytes[i / 8] >> (7 - i % 8) & 1U) != 0 ? '1' : '0';
  return bits;
}

}  // namespace

void Aliases::LearnWord(std::string_view word, std::string_view kind) {
  std::string lower = absl::AsciiStrToLower(std::string(word));
  if (IsVocabulary(lower) || words_.contains(lower)) return;
  const int number = ++counts_[std::string(kind)];
  words_.emplace(std::move(lower), absl::StrCat(std::string(kind), number));
}

void Aliases::LearnHost(std::string_view host) {
  if (Parses(AF_INET, host) || Parses(AF_INET6, host)) return;
  for (const auto& part : absl::StrSplit(std::string(host), '.')) {
    const std::string label = absl::AsciiStrToLower(std::string(part.data(), part.size()));
    if (label != "*" && !IsPublicLabel(label)) LearnWord(label, "host");
  }
}

bool Aliases::IsKnownWord(std::string_view word) const {
  return words_.contains(absl::AsciiStrToLower(std::string(word)));
}

std::string Aliases::Word(std::string_view word) const {
  const auto found = words_.find(absl::AsciiStrToLower(std::string(word)));
  return found == words_.end() ? std::string(word) : found->second;
}

std::string Aliases::HostName(std::string_view host) {
  LearnHost(host);
  std::vector<std::string> labels;
  for (const auto& part : absl::StrSplit(std::string(host), '.')) {
    labels.push_back(Word(std::string_view(part.data(), part.size())));
  }
  return absl::StrJoin(labels, ".");
}

std::string Aliases::Path(std::string_view path) {
  if (IsPlainPath(path)) return std::string(path);
  const auto [entry, is_new] = paths_.try_emplace(std::string(path), "");
  if (is_new) entry->second = absl::StrCat("/path", paths_.size());
  return entry->second;
}

// As long as it was, of the same alphabet.
std::string Aliases::Fingerprint(std::string_view text) const {
  const std::string digest = contract::Digest(absl::StrCat(key_, "|fingerprint|", std::string(text)));
  std::string out(text);
  const bool digits = std::all_of(text.begin(), text.end(), IsDigit);
  for (size_t i = 0; i < out.size(); ++i) {
    const char nibble = digest[i % digest.size()];
    out[i] = digits ? static_cast<char>('1' + nibble % 9) : nibble;
  }
  return out;
}

bool Aliases::Flip(std::string_view bits_before, char family) const {
  const std::string digest =
      contract::Digest(absl::StrCat(key_, "|", std::string(1, family), std::string(bits_before)));
  return digest.front() >= '8';  // half of the hex digits
}

std::string Aliases::Masked(const std::string& address, int length) {
  std::string alias = Address(address);
  std::array<unsigned char, 16> before{};
  std::array<unsigned char, 16> after{};
  const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const size_t size = family == AF_INET ? 4 : 16;
  inet_pton(family, address.c_str(), before.data());
  inet_pton(family, alias.c_str(), after.data());
  const std::string bits = Bits(before.data(), size * 8);
  const auto kept = static_cast<size_t>(std::max(length, 0));
  if (kept >= bits.size() || bits.find('1', kept) != std::string::npos) return alias;
  for (size_t i = kept; i < bits.size(); ++i) {
    after[i / 8] = static_cast<unsigned char>(after[i / 8] & ~(1U << (7 - i % 8)));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, after.data(), text.data(), text.size());
  return text.data();
}

std::string Aliases::Address(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  const bool four = inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
  if (!four && inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
  size_t kept = 16;
  size_t size = 128;
  size_t begin = 0;
  const std::string all = Bits(bytes.data(), 128);
  // An IPv4 address inside an IPv6 one has the alias that it has by itself: RFC 4291 section 2.5.5.2, RFC 6052.
  const bool mapped = all.starts_with(std::string(80, '0') + std::string(16, '1'));
  const bool translated = bytes[0] == 0 && bytes[1] == 0x64 && bytes[2] == 0xFF && bytes[3] == 0x9B;
  if (four || mapped || translated) {
    begin = four ? 0 : 12;
    size = 32;
    kept = KeptBits4(static_cast<uint32_t>(bytes[begin]) << 24U | static_cast<uint32_t>(bytes[begin + 1]) << 16U |
                     static_cast<uint32_t>(bytes[begin + 2]) << 8U | bytes[begin + 3]);
  } else if (all.starts_with(std::string(120, '0')) || bytes[0] == 0xFF) {
    return address;  // ::, ::1, multicast
  } else if (bytes[0] == 0xFE && (bytes[1] & 0xC0U) == 0x80) {
    kept = 64;
  }
  const std::string bits = Bits(&bytes[begin], size);
  for (size_t i = kept; i < size; ++i) {
    if (Flip(std::string_view(bits).substr(0, i), size == 32 ? '4' : '6')) {
      bytes[begin + i / 8] = static_cast<unsigned char>(bytes[begin + i / 8] ^ 1U << (7 - i % 8));
    }
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(four ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

}  // namespace parallax::report
