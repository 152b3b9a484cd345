// One session of an agent with its controller, as a state machine over a stream of messages. The carriers (stdio,
// listen) wrap their transport as a Stream. No gRPC here.
//
// Threads: Run() reads on the caller's thread and answers clock pings there, while one worker thread runs the
// assignment at hand, and another watches for silence (silence.h). The first two write; the session serializes them.
// Both threads are joined before Run() returns. Run() may be
// called by several threads at once, each with a stream of its own; so may Drain().
#ifndef PARALLAX_AGENT_SESSION_AGENT_SESSION_H_
#define PARALLAX_AGENT_SESSION_AGENT_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "agent/net/cancel.h"
#include "agent/net/clock.h"
#include "agent/runner/runner.h"
#include "agent/session/silence.h"
#include "contract/mutex.h"
#include "parallax/v1/session.pb.h"

namespace parallax::session {

class Stream {
 public:
  virtual ~Stream() = default;
  // Blocks for the next message; false once the peer is gone or Cancel() was called. Called from one thread.
  virtual bool Read(v1::ControllerMessage* message) = 0;
  // Blocks until the message is on its way; false once the peer is gone. Never called by two threads at once, but
  // beside a Read.
  virtual bool Write(const v1::AgentMessage& message) = 0;
  // Makes a Read and a Write that block, and all later ones, return false soon. Any thread, any number of times.
  virtual void Cancel() = 0;
};

struct SessionOptions {
  // What plans may name of this agent's own environment, files and credential helpers.
  policy::AllowedSecrets secrets;
  // Which files a plan may name as root certificates: any (stdio agents), or these alone (runner::Job).
  bool any_root_cert = false;
  std::vector<std::string> root_certs;
  // What was observed and not acked is kept up to these bounds; then probing waits for the controller.
  size_t max_unacked = 1024;
  size_t max_unacked_bytes = 16 * 1024 * 1024;
  SilenceLimits silence;
  int64_t glance_ms = 5'000;  // how often silence is looked for
};

class AgentSession {
 public:
  // Borrowed; they outlive the session. `hello` is sent as it is.
  AgentSession(const runner::Runner& runner, const net::Clock& clock, v1::Hello hello, SessionOptions options = {});

  // Serves one controller until it says Bye (OK), the stream ends (Unavailable), or it was silent for too long
  // (DeadlineExceeded). What still runs then is cancelled and waited for, and nothing of it is kept.
  // ResourceExhausted when the host gives no threads for it. What breaks the protocol is answered with a Done that says
  // so, and the session goes on.
  absl::Status Run(Stream& stream);

  // From here on assignments are refused, in words; those that were accepted go on to their Done. The token is
  // cancelled once none is left.
  const net::CancelToken& Drain();
  bool draining() const;

 private:
  class Live;

  // An assignment is work from its acceptance until its Done was written. False: draining.
  bool BeginWork();
  void EndWork();

  const runner::Runner& runner_;
  const net::Clock& clock_;
  const v1::Hello hello_;
  const SessionOptions options_;

  mutable contract::Mutex mutex_;
  int work_ ABSL_GUARDED_BY(mutex_) = 0;  // assignments, of all streams
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  net::CancelToken drained_;
};

// Who this agent is: protocol, version, a random id, the kinds of `probes`, the host's facts, the user.
v1::Hello MakeHello(std::span<const probes::Probe> probes);

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_AGENT_SESSION_H_
