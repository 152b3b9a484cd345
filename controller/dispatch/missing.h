// Why a side gave no (more) observations, in words for people, and what to do about it. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_MISSING_H_
#define PARALLAX_CONTROLLER_DISPATCH_MISSING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controller/dispatch/vantage.h"

namespace parallax::dispatch {

enum class Loss {
  kCannotStart,  // the command could not be started: `detail`
  kEndedBefore,  // it ended, or closed its output, before the agent spoke
  kTooMuchNoise,
  kTerminal,
  kNeverSpoke,     // silent, or noise without a magic line, until the deadline
  kOtherMagic,     // `detail`: the magic line
  kNoHello,        // the magic line came, and then no Hello until the deadline
  kOtherProtocol,  // `agent_protocol`
  kEndedMidway,    // the link or the process ended; `detail`: how the link did
  kSilent,         // past the bound of an attempt, and past the Cancel
  kRefused,        // it would not run the plan: `detail`
  kNotReached,     // an agent that listens: no session came about; `detail`: gRPC's reason
  kNotInstalled,   // ssh: no agent on the host, and none was copied; `detail`: what the host is
  kCannotCopy,     // ssh: none, and the one here cannot run there; `detail`: the host and why
  kCopyFailed,     // ssh: `detail`: the host's words
  kInterrupted,
};

// What was seen. Everything here has been freed of secrets already.
struct Symptoms {
  Loss loss = Loss::kNeverSpoke;
  bool local = false;  // the vantage `local`
  Carrier carrier = Carrier::kCommand;
  bool tls = false;                 // kListen
  bool showed_certificate = false;  // kListen, tls
  std::string host;                 // kSsh, kListen
  std::string agent_to_copy;        // kSsh: the path here; "" none
  std::string there;                // kSsh: the agent there that was not the one wanted, by its path; "" none
  std::string command;              // its first word; kSsh: with the host; kListen, kSocket: the address
  std::string doing;                // "connecting", "attempt 2 of 3"
  std::optional<int> wait_status;   // waitpid(2), when it ended
  std::string noise;                // what it printed before the session
  size_t noise_bytes = 0;
  std::string stderr_tail;
  std::string detail;
  int os_error = 0;  // kCannotStart: errno of this host
  uint32_t agent_protocol = 0;
  std::string agent_version;
};

struct Missing {
  std::string reason;
  std::string remedy;
};

Missing Explain(const Symptoms& symptoms);

// "exit code 3", "killed by signal 9 (Killed)".
std::string DescribeExit(int wait_status);

// Lines as one line: trimmed, empty ones dropped, joined by " | ", printable, the last `max_bytes`.
std::string OneLine(std::string_view text, size_t max_bytes = 600);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_MISSING_H_
