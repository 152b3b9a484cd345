// What a PostgreSQL server says, as bytes, for scripts of support::ScriptedServer.
#ifndef PARALLAX_TESTS_SUPPORT_FAKE_POSTGRES_H_
#define PARALLAX_TESTS_SUPPORT_FAKE_POSTGRES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/scripted_server.h"

namespace parallax::support::fake {

inline std::string Int32(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
inline std::string Message(char type, std::string_view body) {
  return std::string(1, type) + Int32(static_cast<uint32_t>(body.size() + 4)) + std::string(body);
}
inline std::string Authentication(uint32_t code, std::string_view data = "") {
  return Message('R', Int32(code) + std::string(data));
}
inline std::string Sasl(const std::vector<std::string>& mechanisms) {
  std::string list;
  for (const std::string& mechanism : mechanisms) list += mechanism + '\0';
  return Authentication(10, list + '\0');
}
inline std::string Error(const std::string& code, const std::string& message, const std::string& severity = "FATAL") {
  return Message('E', "S" + severity + '\0' + "V" + severity + '\0' + "C" + code + '\0' + "M" + message + '\0' + '\0');
}
inline std::string Notice(const std::string& message) { return Message('N', "M" + message + '\0' + '\0'); }
inline std::string Parameter(const std::string& name, const std::string& value) {
  return Message('S', name + '\0' + value + '\0');
}
inline std::string KeyData(uint32_t pid) { return Message('K', Int32(pid) + Int32(42)); }
inline std::string Ready() { return Message('Z', "I"); }
inline std::string Row(const std::vector<std::string>& columns) {
  std::string body = {static_cast<char>(columns.size() >> 8), static_cast<char>(columns.size())};
  for (const std::string& column : columns) body += Int32(static_cast<uint32_t>(column.size())) + column;
  return Message('D', body);
}
inline std::string Complete() { return Message('C', std::string("SELECT 1") + '\0'); }

// Reads the next message of the client; without a type: SSLRequest or a startup message. "" at the end.
inline std::string ReadUntyped(Peer& peer) {
  const std::string head = peer.ReadExactly(4);
  if (head.size() < 4) return "";
  uint32_t size = 0;
  for (char byte : head) size = size << 8 | static_cast<unsigned char>(byte);
  return head + peer.ReadExactly(size - 4);
}
inline std::string ReadTyped(Peer& peer) {
  const std::string type = peer.ReadExactly(1);
  return type.empty() ? "" : type + ReadUntyped(peer);
}

}  // namespace parallax::support::fake

#endif  // PARALLAX_TESTS_SUPPORT_FAKE_POSTGRES_H_
