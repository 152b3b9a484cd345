// One session with one agent, over a connected descriptor or to an agent that listens. gRPC stays behind this class.
//
// Used from one thread, but for what gRPC's own threads do inside. Nothing here blocks but Close.
#ifndef PARALLAX_CONTROLLER_DISPATCH_AGENT_LINK_H_
#define PARALLAX_CONTROLLER_DISPATCH_AGENT_LINK_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "controller/dispatch/bell.h"
#include "controller/dispatch/reach.h"
#include "parallax/v1/session.pb.h"

namespace parallax::dispatch {

struct Received {
  v1::AgentMessage message;
  int64_t monotonic_ns = 0;  // when it came, by both of our clocks
  int64_t unix_ns = 0;
};

class AgentLink {
 public:
  // Takes `fd`, a stream socket whose next byte is the agent's HTTP/2, and opens the session. `bell` is borrowed, and
  // rung when there is something for Next() or the session ended.
  static std::unique_ptr<AgentLink> Open(int fd, Bell& bell, const std::string& token = "");
  // Connects to an agent that listens at `address` ("HOST:PORT"), over TLS with these files, or, null, in plaintext: a
  // loopback address then, which no proxy of the environment stands before. `token` is shown to it, "" none. What goes
  // wrong ends the session; Close() then says what it was.
  static std::unique_ptr<AgentLink> Dial(const std::string& address, const TlsFiles* tls, const std::string& token,
                                         Bell& bell);
  virtual ~AgentLink() = default;  // closes at once

  // While it is open, a ClockPing with id 0 goes out now and then, so that an agent does not take our waiting for
  // absence.

  // Queues a message. Never blocks; after the session ended it does nothing.
  virtual void Send(v1::ControllerMessage message) = 0;

  // The next message, in order. A few hundred are kept; beyond those the agent is made to wait.
  virtual std::optional<Received> Next() = 0;

  // The session is over and Next() has given everything.
  virtual bool ended() = 0;

  // Ends the session: waits up to `grace` for queued messages to leave and for the agent to end it, then cancels.
  // Afterwards the descriptor is closed. OK when the agent ended it in good order; else why: ResourceExhausted when
  // gRPC could not even end it, and had to be left behind with it. Idempotent.
  virtual absl::Status Close(std::chrono::milliseconds grace) = 0;
};

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_AGENT_LINK_H_
