// The stdio carrier: one session as gRPC over a pair of descriptors, usually stdin and stdout. No port is opened.
//
// The magic line comes first, so that a controller can tell the agent from a motd or an ssh banner. Then gRPC serves
// one end of a socketpair, and two byte pumps stand between the other end and the descriptors (which may be pipes).
#ifndef PARALLAX_AGENT_SESSION_STDIO_CARRIER_H_
#define PARALLAX_AGENT_SESSION_STDIO_CARRIER_H_

#include "absl/status/status.h"
#include "agent/session/agent_session.h"

namespace parallax::session {

// Serves one controller; blocks until its session ended, `in_fd` ended (the controller died, and nobody is left to
// probe for), or `stop_fd` became readable (then OK). -1: never stopped. Descriptors are borrowed. All threads are
// joined. Unavailable when the controller went away without a Bye.
absl::Status ServeStdio(AgentSession& session, int in_fd, int out_fd, int stop_fd);

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_STDIO_CARRIER_H_
