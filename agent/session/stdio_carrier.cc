#include "agent/session/stdio_carrier.h"

#include <fcntl.h>
#include <grpc/grpc.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/net/cancel.h"
#include "agent/session/byte_pump.h"
#include "contract/limits.h"
#include "contract/status.h"
#include "parallax/v1/session.grpc.pb.h"

namespace parallax::session {
namespace {

// How long an ended session may take to flush its last bytes.
constexpr int kFlushMs = 1'000;

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

// Serves exactly one session; `ended` is cancelled after it.
class OneSession final : public v1::Agent::Service {
 public:
  OneSession(AgentSession& session, net::CancelToken& ended) : session_(session), ended_(ended) {}

  grpc::Status Session(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>* stream) override {
    if (taken_.exchange(true)) {
      return contract::ToGrpc(absl::ResourceExhaustedError("this agent serves one session, and has one"));
    }
    GrpcStream wrapped(context, stream);
    const absl::Status status = session_.Run(wrapped);
    {
      std::lock_guard lock(mutex_);
      status_ = status;
    }
    ended_.Cancel();
    return contract::ToGrpc(status);
  }

  absl::Status status() {
    std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  AgentSession& session_;
  net::CancelToken& ended_;
  std::atomic<bool> taken_{false};
  std::mutex mutex_;
  absl::Status status_ = absl::UnavailableError("the controller went away before a session began");
};

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = write(fd, text.data(), text.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::unique_ptr<grpc::Server> StartServer(OneSession* service) {
  grpc::ServerBuilder builder;
  builder.RegisterService(service);
  builder.SetMaxReceiveMessageSize(contract::kMaxMessageBytes);
  builder.SetMaxSendMessageSize(contract::kMaxMessageBytes);
  // One session: no more threads than it needs.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  // A link that drops silently (a laptop that sleeps) is seen in 8 s; with the defaults, never.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 4'000);
  return builder.BuildAndStart();
}

// Blocks until one of the three is readable, at most `timeout_ms` (-1: for ever). True when `stop_fd` was.
bool WaitForEnd(int stop_fd, int ended_fd, int lost_fd, int timeout_ms) {
  for (;;) {
    pollfd waits[] = {{stop_fd, POLLIN, 0}, {ended_fd, POLLIN, 0}, {lost_fd, POLLIN, 0}};
    const int ready = poll(waits, 3, timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    return waits[0].revents != 0;
  }
}

}  // namespace

absl::Status ServeStdio(AgentSession& session, int in_fd, int out_fd, int stop_fd) {
  if (!WriteAll(out_fd, absl::StrCat(std::string(contract::kMagic), " ", PARALLAX_VERSION, "\n"))) {
    return absl::UnavailableError(absl::StrCat("nobody reads our output: ", strerror(errno)));
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::ResourceExhaustedError(absl::StrCat("no socketpair for the session: ", strerror(errno)));
  }
  const int ours = ends[0];
  net::CancelToken ended;    // the session is over
  net::CancelToken lost;     // the controller's bytes ended, or gRPC closed its end
  net::CancelToken flushed;  // everything that gRPC wrote is out
  OneSession service(session, ended);
  std::unique_ptr<grpc::Server> server = StartServer(&service);
  if (server == nullptr) {
    close(ends[0]);
    close(ends[1]);
    return absl::InternalError("gRPC could not start");
  }
  fcntl(ends[1], F_SETFL, O_NONBLOCK);                    // gRPC does not do it for a server
  grpc::AddInsecureChannelFromFd(server.get(), ends[1]);  // owns it from here

  bool stopped = false;
  {
    BytePump in(in_fd, ours, [&] {
      shutdown(ours, SHUT_WR);
      lost.Cancel();
    });
    BytePump out(ours, out_fd, [&] {
      lost.Cancel();
      flushed.Cancel();
    });
    stopped = WaitForEnd(stop_fd, ended.fd(), lost.fd(), -1);
    // After a Bye the last bytes may take a moment; whatever else ended us, nobody waits for them.
    const bool graceful = ended.cancelled() && service.status().ok();
    server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(graceful ? kFlushMs : 0));
    server->Wait();
    server.reset();
    if (graceful) WaitForEnd(-1, flushed.fd(), -1, kFlushMs);
  }
  close(ours);
  return stopped ? absl::OkStatus() : service.status();
}

}  // namespace parallax::session
