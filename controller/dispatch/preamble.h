// What a command prints before the session: up to 64 KB of noise (banner, motd), then the agent's magic line.
//
// Not thread-safe. Consumes exactly up to the end of that line: the bytes behind it are gRPC's.
#ifndef PARALLAX_CONTROLLER_DISPATCH_PREAMBLE_H_
#define PARALLAX_CONTROLLER_DISPATCH_PREAMBLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parallax::dispatch {

class Preamble {
 public:
  // Lines that begin so, wherever in a line of noise, are markers. Literals.
  explicit Preamble(std::vector<std::string_view> markers = {}) : markers_(std::move(markers)) {}

  enum class State {
    kReading,
    kFound,       // the magic line is behind us
    kEnded,       // end of file before it
    kTooMuch,     // more than contract::kMaxNoiseBeforeMagic
    kOtherMagic,  // a magic line that this release does not speak: `magic` holds it
    kTerminal,    // the magic line ends in "\r\n": a terminal stands between, and would garble the session
    kMarker,      // `marker` holds a line of the script of an ssh: vantage; Resume() reads on
  };

  // Reads what is there from a stream socket, without blocking.
  State ReadFrom(int fd);

  // Reads on behind a marker.
  void Resume() { state_ = State::kReading; }

  State state() const { return state_; }
  const std::string& agent_version() const { return agent_version_; }  // as the magic line says
  const std::string& magic() const { return magic_; }
  const std::string& marker() const { return marker_; }
  std::string_view noise() const { return noise_; }  // the first 2 KiB
  size_t noise_bytes() const { return total_; }

 private:
  // One line, without its '\n'.
  State Line(std::string_view line);

  std::vector<std::string_view> markers_;
  State state_ = State::kReading;
  std::string marker_;
  std::string line_;
  std::string noise_;
  std::string magic_;
  std::string agent_version_;
  size_t total_ = 0;
};

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_PREAMBLE_H_
