#include "agent/probes/client_frames.h"

#include <cstdint>

#include "contract/limits.h"

namespace parallax::probes {

std::string Frame(const google::protobuf::MessageLite& message) {
  const std::string body = message.SerializeAsString();
  std::string frame;
  for (size_t left = body.size();; left >>= 7) {
    const bool last = left < 0x80;
    frame += static_cast<char>((left & 0x7F) | (last ? 0 : 0x80));
    if (last) break;
  }
  return frame + body;
}

Framed TakeFrame(std::string* bytes, google::protobuf::MessageLite* message) {
  uint64_t size = 0;
  size_t at = 0;
  for (int shift = 0;; shift += 7) {
    if (at == bytes->size()) return Framed::kNone;
    const auto byte = static_cast<unsigned char>((*bytes)[at++]);
    size |= uint64_t{byte & 0x7FU} << shift;
    if (size > contract::kMaxMessageBytes || shift > 28) return Framed::kBroken;
    if ((byte & 0x80) == 0) break;
  }
  if (bytes->size() - at < size) return Framed::kNone;
  if (!message->ParseFromArray(bytes->data() + at, static_cast<int>(size))) return Framed::kBroken;
  bytes->erase(0, at + size);
  return Framed::kWhole;
}

}  // namespace parallax::probes
