// The gRPC service of the contract over AgentSession, and the server settings that every carrier shares.
//
// Thread-safe: gRPC calls Session on threads of its own, one for each session under way.
#ifndef PARALLAX_AGENT_SESSION_AGENT_SERVICE_H_
#define PARALLAX_AGENT_SESSION_AGENT_SERVICE_H_

#include <grpcpp/server_builder.h>

#include <chrono>
#include <functional>
#include <list>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "agent/session/agent_session.h"
#include "agent/session/caller_check.h"
#include "agent/session/progress_watch.h"
#include "contract/mutex.h"
#include "parallax/v1/session.grpc.pb.h"

namespace parallax::session {

// gRPC's library gives this code never by itself (grpc/doc/statuscodes.md): who reads it needs no words.
inline constexpr absl::StatusCode kWorkHangs = absl::StatusCode::kFailedPrecondition;

struct ServiceOptions {
  int max_sessions = 1;
  // Places that only health checks take, beside those; one that has held its place for `check_ms` gives way to another.
  int max_checks = 0;
  std::chrono::milliseconds check_ms{10'000};
  // So much longer than its plan allows a session may be silent before a check calls it hung.
  std::chrono::milliseconds hang_grace{10'000};
  const CallerCheck* callers = nullptr;  // null: whoever reaches us may
  // When given: called with the result of each session that was served, on its thread and as its last act.
  std::function<void(const absl::Status&)> on_end;
};

class AgentService final : public v1::Agent::Service {
 public:
  // `session` and `options.callers` are borrowed. A caller who is not admitted is answered UNAUTHENTICATED before
  // anything else, and takes no place. Then: while the session drains, UNAVAILABLE; one session too many,
  // RESOURCE_EXHAUSTED; a check, when every place is held by work that hangs, kWorkHangs with what hangs.
  AgentService(AgentSession& session, ServiceOptions options);

  grpc::Status Session(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* stream) override;

 private:
  // A session that is being served.
  struct Guest {
    ProgressWatch watch;
    grpc::ServerContext* context = nullptr;
    bool check = false;
    bool evicted = false;  // its seat is another's already
    std::chrono::steady_clock::time_point since;
  };

  // Lets `guest` in, or says why there is no room.
  absl::Status Enter(Guest& guest);
  int Taken(bool checks) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string WhatHangs() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  AgentSession& session_;
  const ServiceOptions options_;
  contract::Mutex mutex_;
  std::list<Guest*> guests_ ABSL_GUARDED_BY(mutex_);  // the oldest first
};

// Message sizes, keepalive, and few threads: an agent serves a handful of sessions and not thousands.
void Configure(grpc::ServerBuilder& builder);

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_AGENT_SERVICE_H_
