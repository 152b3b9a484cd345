// Bytes out, bytes in, before a deadline: what TCP and TLS have in common, so that a protocol is written once.
#ifndef PARALLAX_AGENT_NET_BYTE_STREAM_H_
#define PARALLAX_AGENT_NET_BYTE_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "parallax/v1/observation.pb.h"

namespace parallax::net {

struct IoResult {
  v1::Failure failure = v1::NONE;
  int os_error = 0;  // errno, where there was one
  size_t bytes = 0;  // moved by this call, also when it then failed
  std::string text;  // for people, "" when there is nothing to add

  bool ok() const { return failure == v1::NONE; }
};

// Not thread-safe. Deadlines are CLOCK_MONOTONIC nanoseconds.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Sends all of `bytes`.
  virtual IoResult Write(std::string_view bytes, int64_t deadline_ns) = 0;
  // Appends what has come, at least one byte and at most `max`, to `*to`.
  virtual IoResult Read(std::string* to, size_t max, int64_t deadline_ns) = 0;
};

}  // namespace parallax::net

#endif  // PARALLAX_AGENT_NET_BYTE_STREAM_H_
