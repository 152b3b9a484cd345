#include "controller/dispatch/preamble.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "contract/limits.h"

namespace parallax::dispatch {
namespace {

constexpr size_t kNoiseKept = 2 * 1024;

// contract::kMagic without the number of its generation.
std::string_view MagicStem() { return contract::kMagic.substr(0, contract::kMagic.find('/') + 1); }

}  // namespace

Preamble::State Preamble::ReadFrom(int fd) {
  char buffer[4096];
  while (state_ == State::kReading) {
    // Peek first, then take no byte beyond the line: HTTP/2 begins right behind the magic one.
    const ssize_t seen = recv(fd, buffer, sizeof(buffer), MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0 && errno == EINTR) continue;
    if (seen < 0 && errno == EAGAIN) return state_;
    if (seen <= 0) return state_ = State::kEnded;
    const void* newline = std::memchr(buffer, '\n', static_cast<size_t>(seen));
    const size_t take = newline == nullptr ? static_cast<size_t>(seen)
                                           : static_cast<size_t>(static_cast<const char*>(newline) - buffer) + 1;
    const ssize_t taken = recv(fd, buffer, take, MSG_DONTWAIT);
    if (taken <= 0) continue;
    const std::string_view piece(buffer, static_cast<size_t>(taken));
    line_.append(piece);
    if (line_.ends_with('\n')) {
      line_.pop_back();
      state_ = Line(line_);
      line_.clear();
      if (state_ != State::kReading) return state_;
    }
    total_ += piece.size();
    noise_.append(piece.substr(0, std::min(piece.size(), kNoiseKept - noise_.size())));
    if (total_ > contract::kMaxNoiseBeforeMagic) state_ = State::kTooMuch;
  }
  return state_;
}

Preamble::State Preamble::Line(std::string_view line) {
  // Anywhere in the line: noise need not end with a newline.
  for (const std::string_view marker : markers_) {
    const size_t at = line.find(marker);
    if (at == std::string_view::npos) continue;
    marker_ = contract::Printable(line.substr(at));
    return State::kMarker;
  }
  const size_t at = line.find(MagicStem());
  if (at == std::string_view::npos) return State::kReading;
  std::string_view magic = line.substr(at);
  noise_.append(line.substr(0, std::min(at, kNoiseKept - noise_.size())));
  const bool terminal = magic.ends_with('\r');
  if (terminal) magic.remove_suffix(1);
  magic_ = contract::Printable(magic, 80);
  const std::string prefix = std::string(contract::kMagic) + " ";
  if (!magic.starts_with(prefix)) {
    // "PARALLAX-AGENT/2 0.9" is another generation; "PARALLAX-AGENT/ is great" is a motd.
    const bool numbered = magic.size() > MagicStem().size() && magic[MagicStem().size()] >= '0' &&
                          magic[MagicStem().size()] <= '9' && magic.find(' ') != std::string_view::npos;
    return numbered ? State::kOtherMagic : State::kReading;
  }
  agent_version_ = contract::Printable(magic.substr(prefix.size()), 64);
  return terminal ? State::kTerminal : State::kFound;
}

}  // namespace parallax::dispatch
