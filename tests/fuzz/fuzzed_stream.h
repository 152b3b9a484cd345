// A peer made of a fuzzer's bytes: what it sends comes in pieces whose sizes the input chooses, then it hangs up.
//
// Not thread-safe. The input is borrowed.
#ifndef PARALLAX_TESTS_FUZZ_FUZZED_STREAM_H_
#define PARALLAX_TESTS_FUZZ_FUZZED_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/net/byte_stream.h"

namespace parallax::fuzz {

inline std::string_view View(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// The first byte, 0 when there is none; what is left stays in `*input`.
inline uint8_t TakeByte(std::string_view* input) {
  if (input->empty()) return 0;
  const auto byte = static_cast<uint8_t>(input->front());
  input->remove_prefix(1);
  return byte;
}

// Ends the process, as a sanitizer would, when what the code promises does not hold.
inline void Require(bool promise) {
  if (!promise) __builtin_trap();
}

class FuzzedStream final : public net::ByteStream {
 public:
  // `piece`: the most bytes that one read gives; 0: all that is wanted.
  FuzzedStream(std::string_view input, size_t piece) : input_(input), piece_(piece == 0 ? SIZE_MAX : piece) {}

  net::IoResult Write(std::string_view bytes, int64_t /*deadline_ns*/) override {
    return {v1::NONE, 0, bytes.size(), ""};
  }
  net::IoResult Read(std::string* to, size_t max, int64_t /*deadline_ns*/) override {
    Require(max > 0);  // a read of nothing would never end
    const size_t size = std::min({input_.size(), max, piece_});
    if (size == 0) return {v1::CLOSED, 0, 0, ""};
    to->append(input_.substr(0, size));
    input_.remove_prefix(size);
    return {v1::NONE, 0, size, ""};
  }

 private:
  std::string_view input_;
  const size_t piece_;
};

}  // namespace parallax::fuzz

#endif  // PARALLAX_TESTS_FUZZ_FUZZED_STREAM_H_
