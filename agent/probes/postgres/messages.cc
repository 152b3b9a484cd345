#include "agent/probes/postgres/messages.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "agent/probes/postgres/scram.h"
#include "contract/limits.h"

namespace parallax::probes::postgres {
namespace {

constexpr size_t kSqlStateBytes = 5;
constexpr uint32_t kProtocol30 = 3 << 16;

std::string Int32(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

uint32_t ReadInt32(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string Message(char type, std::string_view body) {
  return absl::StrCat(std::string(1, type), Int32(static_cast<uint32_t>(body.size() + 4)), std::string(body));
}

// Cuts a zero-terminated string from the front of `*bytes`; false when there is no zero.
bool CutString(std::string_view* bytes, std::string* out) {
  const size_t zero = bytes->find('\0');
  if (zero == std::string_view::npos) return false;
  *out = std::string(bytes->substr(0, zero));
  bytes->remove_prefix(zero + 1);
  return true;
}

}  // namespace

std::string SslRequest() { return Int32(8) + Int32(kSslRequestCode); }

std::string StartupMessage(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string body = Int32(kProtocol30);
  for (const auto& [name, value] : parameters) {
    body += name + '\0';
    // A zero would end the value and begin a parameter of the caller's choice.
    body += value.substr(0, value.find('\0')) + '\0';
  }
  body += '\0';
  return Int32(static_cast<uint32_t>(body.size() + 4)) + body;
}

std::string PasswordMessage(std::string_view text) { return Message('p', std::string(text) + '\0'); }

std::string SaslInitialResponse(std::string_view mechanism, std::string_view data) {
  return Message('p', std::string(mechanism) + '\0' + Int32(static_cast<uint32_t>(data.size())) + std::string(data));
}

std::string SaslResponse(std::string_view data) { return Message('p', data); }

std::string Query(std::string_view sql) { return Message('Q', std::string(sql) + '\0'); }

std::string Terminate() { return Message('X', ""); }

std::string Md5Answer(std::string_view user, std::string_view password, std::string_view salt) {
  return "md5" + Md5Hex(Md5Hex(std::string(password) + std::string(user)) + std::string(salt));
}

void BackendReader::Skip() {
  const size_t now = std::min(skip_, buffer_.size());
  buffer_.erase(0, now);
  skip_ -= now;
}

absl::StatusOr<std::optional<BackendMessage>> BackendReader::Next() {
  Skip();
  if (buffer_.empty()) return std::nullopt;
  if (std::isalpha(static_cast<unsigned char>(buffer_[0])) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a message that begins with byte ", static_cast<int>(static_cast<unsigned char>(buffer_[0]))));
  }
  if (buffer_.size() < 5) return std::nullopt;
  const uint32_t length = ReadInt32(std::string_view(buffer_).substr(1, 4));
  const bool long_words = (buffer_[0] == 'E' || buffer_[0] == 'N') && length > kMaxErrorBytes;
  if (length < 4 || length > (long_words ? kMaxAnnouncedErrorBytes : kMaxMessageBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a message '", buffer_.substr(0, 1), "' that announces ", length, " bytes"));
  }
  if (long_words) {
    if (buffer_.size() < 5 + kMaxErrorBytes) return std::nullopt;
    BackendMessage message{buffer_[0], buffer_.substr(5, kMaxErrorBytes), /*cut=*/true};
    skip_ = length + size_t{1};
    Skip();
    began_ = true;
    return message;
  }
  if (buffer_.size() < length + size_t{1}) return std::nullopt;
  BackendMessage message{buffer_[0], buffer_.substr(5, length - 4)};
  buffer_.erase(0, length + size_t{1});
  began_ = true;
  return message;
}

absl::StatusOr<AuthenticationRequest> ParseAuthentication(std::string_view body) {
  if (body.size() < 4) return absl::InvalidArgumentError("an authentication request of under 4 bytes");
  AuthenticationRequest request;
  request.code = static_cast<int32_t>(ReadInt32(body));
  request.data = std::string(body.substr(4));
  if (request.code == 10) {
    std::string_view rest = request.data;
    std::string name;
    while (request.mechanisms.size() < 16 && CutString(&rest, &name) && !name.empty()) {
      request.mechanisms.push_back(contract::Printable(name, 64));
    }
  }
  return request;
}

v1::ServerError ParseError(std::string_view body) {
  v1::ServerError error;
  std::string localized;
  while (!body.empty() && body[0] != '\0') {
    const char field = body[0];
    body.remove_prefix(1);
    std::string value;
    if (!CutString(&body, &value)) {
      if (field != 'M') break;
      value = std::string(std::exchange(body, {}));
    }
    value = contract::Printable(value);
    if (field == 'C' && value.size() <= kSqlStateBytes) error.set_code(value);
    if (field == 'M') error.set_message(value);
    if (field == 'V') error.set_severity(value);
    if (field == 'S') localized = value;
  }
  if (error.severity().empty()) error.set_severity(localized);
  return error;
}

std::pair<std::string, std::string> ParseParameter(std::string_view body) {
  std::pair<std::string, std::string> parameter;
  if (CutString(&body, &parameter.first)) CutString(&body, &parameter.second);
  return parameter;
}

absl::StatusOr<std::vector<std::string>> ParseRow(std::string_view body) {
  if (body.size() < 2) return absl::InvalidArgumentError("a row without a column count");
  const size_t count =
      static_cast<size_t>(static_cast<unsigned char>(body[0])) << 8 | static_cast<unsigned char>(body[1]);
  body.remove_prefix(2);
  std::vector<std::string> columns;
  for (size_t i = 0; i < count; ++i) {
    if (body.size() < 4) return absl::InvalidArgumentError("a row that ends within a length");
    const uint32_t size = ReadInt32(body);
    body.remove_prefix(4);
    if (size == 0xFFFFFFFF) {  // NULL
      columns.emplace_back();
      continue;
    }
    if (size > body.size()) return absl::InvalidArgumentError("a column longer than its row");
    columns.emplace_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  return columns;
}

int32_t ParseBackendPid(std::string_view body) { return body.size() >= 4 ? static_cast<int32_t>(ReadInt32(body)) : 0; }

}  // namespace parallax::probes::postgres
