// What a command prints before the session, if it is one that reaches an agent at all.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contract/limits.h"
#include "controller/dispatch/preamble.h"
#include "tests/fuzz/fuzzed_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using parallax::dispatch::Preamble;
  using parallax::fuzz::Require;
  std::string_view input = parallax::fuzz::View(data, size);
  int ends[2];
  Require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
  Preamble preamble;
  while (preamble.state() == Preamble::State::kReading) {
    const size_t piece = std::min<size_t>(input.size(), size_t{1} + parallax::fuzz::TakeByte(&input) * 64);
    const ssize_t sent = send(ends[1], input.data(), std::min(piece, input.size()), MSG_NOSIGNAL);
    if (sent > 0) input.remove_prefix(static_cast<size_t>(sent));
    if (input.empty()) shutdown(ends[1], SHUT_WR);
    const Preamble::State state = preamble.ReadFrom(ends[0]);
    Require(state != Preamble::State::kReading || !input.empty() || piece > 0);
  }
  Require(preamble.noise().size() <= 2048);
  Require(preamble.noise_bytes() <= parallax::contract::kMaxNoiseBeforeMagic + 64 * 1024);
  close(ends[0]);
  close(ends[1]);
  return 0;
}
