#include "agent/session/agent_service.h"

#include <grpc/grpc.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/agent_token.h"
#include "contract/limits.h"
#include "contract/status.h"

namespace parallax::session {
namespace {

constexpr int kHandshakeMs = 10'000;
constexpr int kUnusedMs = 60'000;

class GrpcStream final : public Stream {
 public:
  GrpcStream(grpc::ServerContext* context, grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* stream,
             ProgressWatch* watch)
      : context_(context), stream_(stream), watch_(watch) {}

  bool Read(v1::ControllerMessage* message) override {
    if (!stream_->Read(message)) return false;
    watch_->Received(*message);
    return true;
  }
  bool Write(const v1::AgentMessage& message) override {
    watch_->Writing();
    const bool written = stream_->Write(message);
    watch_->Wrote(message);
    return written;
  }
  void Cancel() override { context_->TryCancel(); }

 private:
  grpc::ServerContext* const context_;
  grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* const stream_;
  ProgressWatch* const watch_;
};

std::optional<std::string_view> Metadata(const grpc::ServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return std::nullopt;
  return std::string_view(found->second.data(), found->second.size());
}

}  // namespace

AgentService::AgentService(AgentSession& session, ServiceOptions options)
    : session_(session), options_(std::move(options)) {}

grpc::Status AgentService::Session(grpc::ServerContext* context,
                                   grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* stream) {
  if (options_.callers != nullptr) {
    const absl::Status admitted =
        options_.callers->Admit(Metadata(*context, contract::kTokenMetadata), context->peer());
    if (!admitted.ok()) return contract::ToGrpc(admitted);
  }
  Guest guest;
  guest.context = context;
  guest.check = options_.max_checks > 0 && Metadata(*context, contract::kCheckMetadata).has_value();
  if (absl::Status status = Enter(guest); !status.ok()) return contract::ToGrpc(status);
  GrpcStream wrapped(context, stream, &guest.watch);
  const absl::Status status = session_.Run(wrapped);
  {
    const contract::MutexLock lock(mutex_);
    guests_.remove(&guest);
  }
  if (options_.on_end) options_.on_end(status);
  return contract::ToGrpc(status);
}

absl::Status AgentService::Enter(Guest& guest) {
  if (session_.draining()) {
    return absl::UnavailableError("this agent was asked to end, and takes no new session");
  }
  guest.since = std::chrono::steady_clock::now();
  const contract::MutexLock lock(mutex_);
  if (!guest.check && Taken(false) >= options_.max_sessions) {
    return absl::ResourceExhaustedError(absl::StrCat("this agent serves at most ", options_.max_sessions,
                                                     options_.max_sessions == 1 ? " session" : " sessions",
                                                     " at once, and is busy: try again when one has ended"));
  }
  if (guest.check) {
    if (const std::string hangs = WhatHangs(); !hangs.empty()) return absl::Status(kWorkHangs, hangs);
    for (Guest* other : guests_) {
      if (Taken(true) < options_.max_checks) break;
      if (!other->check || other->evicted || guest.since - other->since < options_.check_ms) continue;
      other->evicted = true;
      other->context->TryCancel();
    }
    if (Taken(true) >= options_.max_checks) {
      return absl::ResourceExhaustedError(absl::StrCat("this agent answers at most ", options_.max_checks,
                                                       " health checks at once: try again in a few seconds"));
    }
  }
  guests_.push_back(&guest);
  return absl::OkStatus();
}

int AgentService::Taken(bool checks) const {
  return static_cast<int>(std::count_if(guests_.begin(), guests_.end(),
                                        [&](const Guest* guest) { return guest->check == checks && !guest->evicted; }));
}

std::string AgentService::WhatHangs() const {
  std::string hangs;
  for (const Guest* guest : guests_) {
    if (guest->check) continue;
    const std::string one = guest->watch.Hung(options_.hang_grace);
    if (one.empty()) return "";
    absl::StrAppend(&hangs, hangs.empty() ? "" : "; ", one);
  }
  if (Taken(false) < options_.max_sessions) return "";
  return absl::StrCat("each of the ", options_.max_sessions, " sessions hangs: ", hangs);
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
