#include "agent/session/stdio_carrier.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "agent/net/cancel.h"
#include "agent/session/agent_service.h"
#include "agent/session/byte_pump.h"
#include "agent/session/last_resort.h"
#include "contract/descriptors.h"
#include "contract/grpc_runtime.h"
#include "contract/limits.h"
#include "contract/mutex.h"

namespace parallax::session {
namespace {

// How long an ended session may take to flush its last bytes.
constexpr int kFlushMs = 1'000;
// How long what still runs may take to notice the end, before the process ends without it: no agent outlives its
// controller.
constexpr int kCutOffMs = 5'000;

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = write(fd, text.data(), text.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// The result of the one session, from gRPC's thread to ours.
class Result {
 public:
  void Set(const absl::Status& status) {
    const contract::MutexLock lock(mutex_);
    status_ = status;
  }
  absl::Status Get() const {
    const contract::MutexLock lock(mutex_);
    return status_;
  }

 private:
  mutable contract::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_) =
      absl::UnavailableError("the controller went away before a session began");
};

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
  if (!contract::OpenSocketPair(ends)) {
    return absl::ResourceExhaustedError(absl::StrCat("no socketpair for the session: ", strerror(errno)));
  }
  const int ours = ends[0];
  net::CancelToken ended;    // the session is over
  net::CancelToken lost;     // the controller's bytes ended, or gRPC closed its end
  net::CancelToken flushed;  // everything that gRPC wrote is out
  Result result;
  ServiceOptions one;
  one.on_end = [&](const absl::Status& status) {
    if (ended.cancelled()) return;  // the connection brought one session after the other: the first is ours
    result.Set(status);
    ended.Cancel();
  };
  AgentService service(session, std::move(one));
  contract::KeepGrpc();
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  Configure(builder);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    close(ends[0]);
    close(ends[1]);
    return absl::InternalError("gRPC could not start");
  }
  contract::DoNotBlock(ends[1]);                          // gRPC does not do it for a server
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
    const LastResort last_resort(std::chrono::milliseconds(2 * kFlushMs + kCutOffMs));
    // After a Bye the last bytes may take a moment; whatever else ended us, nobody waits for them.
    const bool graceful = ended.cancelled() && result.Get().ok();
    server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(graceful ? kFlushMs : 0));
    server->Wait();
    server.reset();
    if (graceful) WaitForEnd(-1, flushed.fd(), -1, kFlushMs);
  }
  close(ours);
  return stopped ? absl::OkStatus() : result.Get();
}

}  // namespace parallax::session
