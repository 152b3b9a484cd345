#include "agent/session/agent_service.h"

#include <grpc/grpc.h>
#include <grpcpp/server_context.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/status.h"

namespace parallax::session {
namespace {

constexpr int kHandshakeMs = 10'000;
constexpr int kUnusedMs = 60'000;

class GrpcStream final : public Stream {
 public:
  GrpcStream(grpc::ServerContext* context, grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* stream)
      : context_(context), stream_(stream) {}

  bool Read(v1::ControllerMessage* message) override { return stream_->Read(message); }
  bool Write(const v1::AgentMessage& message) override { return stream_->Write(message); }
  void Cancel() override { context_->TryCancel(); }

 private:
  grpc::ServerContext* const context_;
  grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* const stream_;
};

}  // namespace

AgentService::AgentService(AgentSession& session, int max_sessions, std::function<void(const absl::Status&)> on_end)
    : session_(session), max_sessions_(max_sessions), on_end_(std::move(on_end)) {}

grpc::Status AgentService::Session(grpc::ServerContext* context,
                                   grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* stream) {
  if (session_.draining()) {
    return contract::ToGrpc(absl::UnavailableError("this agent was asked to end, and takes no new session"));
  }
  {
    std::lock_guard lock(mutex_);
    if (sessions_ >= max_sessions_) {
      return contract::ToGrpc(absl::ResourceExhaustedError(
          absl::StrCat("this agent serves at most ", max_sessions_, max_sessions_ == 1 ? " session" : " sessions",
                       " at once, and is busy: try again when one has ended")));
    }
    ++sessions_;
  }
  GrpcStream wrapped(context, stream);
  const absl::Status status = session_.Run(wrapped);
  {
    std::lock_guard lock(mutex_);
    --sessions_;
  }
  if (on_end_) on_end_(status);
  return contract::ToGrpc(status);
}

void Configure(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(contract::kMaxMessageBytes);
  builder.SetMaxSendMessageSize(contract::kMaxMessageBytes);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  // Who connects and speaks no HTTP/2, or opens no session, is let go: descriptors are few.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kUnusedMs);
  // A link that drops silently (a laptop that sleeps) is seen in 8 s; with the defaults, never.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 4'000);
}

}  // namespace parallax::session
