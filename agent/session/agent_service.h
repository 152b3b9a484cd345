// The gRPC service of the contract over AgentSession, and the server settings that every carrier shares.
//
// Thread-safe: gRPC calls Session on threads of its own, one for each session under way.
#ifndef PARALLAX_AGENT_SESSION_AGENT_SERVICE_H_
#define PARALLAX_AGENT_SESSION_AGENT_SERVICE_H_

#include <grpcpp/server_builder.h>

#include <functional>
#include <mutex>

#include "absl/status/status.h"
#include "agent/session/agent_session.h"
#include "parallax/v1/session.grpc.pb.h"

namespace parallax::session {

class AgentService final : public v1::Agent::Service {
 public:
  // `session` is borrowed. At most `max_sessions` at once; one more is answered RESOURCE_EXHAUSTED, and, while the
  // session drains, UNAVAILABLE. `on_end`, when given, is called with the result of each session that was served, on
  // its thread and as its last act.
  AgentService(AgentSession& session, int max_sessions, std::function<void(const absl::Status&)> on_end = nullptr);

  grpc::Status Session(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* stream) override;

 private:
  AgentSession& session_;
  const int max_sessions_;
  const std::function<void(const absl::Status&)> on_end_;
  std::mutex mutex_;
  int sessions_ = 0;  // guarded by mutex_
};

// Message sizes, keepalive, and few threads: an agent serves a handful of sessions and not thousands.
void Configure(grpc::ServerBuilder& builder);

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_AGENT_SERVICE_H_
