#include "controller/dispatch/agent_link.h"

#include <fcntl.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_callback.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/agent_token.h"
#include "contract/grpc_runtime.h"
#include "contract/limits.h"
#include "contract/status.h"
#include "controller/dispatch/now.h"
#include "parallax/v1/session.grpc.pb.h"

namespace parallax::dispatch {
namespace {

constexpr int kDialMs = 10'000;
constexpr size_t kMaxInbox = 256;
constexpr size_t kMaxInboxBytes = 16 * 1024 * 1024;  // 256 of the largest messages would be a gigabyte

// An agent ends a session that says nothing for a minute, and ours may have to wait much longer: for a person, for
// another side, for a copy. Well below, so that one that is lost or late changes nothing.
constexpr auto kKeepAlive = std::chrono::seconds(15);

// What gRPC may take to end a cancelled call, which is local work. Past it gRPC has no thread or memory to do it with.
constexpr auto kStuck = std::chrono::seconds(3);

constexpr unsigned kFilesReread = 3600;  // seconds; a run is over before

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  // A link that drops silently is seen in 8 s; with the defaults, never.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 5'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 3'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(contract::kMaxMessageBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(contract::kMaxMessageBytes));
  return arguments;
}

std::shared_ptr<grpc::Channel> ChannelOver(int fd) {
  return grpc::CreateCustomInsecureChannelFromFd("agent", fd, Arguments());
}

// TLS 1.2 at least, which is gRPC's own lower bound; without `ca`, the roots that the system trusts.
std::shared_ptr<grpc::ChannelCredentials> Credentials(const TlsFiles* tls) {
  if (tls == nullptr) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions options;
  if (!tls->ca.empty() || !tls->cert.empty()) {
    options.set_certificate_provider(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
        tls->key, tls->cert, tls->ca, kFilesReread));
  }
  if (!tls->ca.empty()) options.watch_root_certs();
  if (!tls->cert.empty()) options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address, const TlsFiles* tls) {
  // gRPC would print every failed handshake to stderr; all of it comes back as the session's status.
  gpr_set_log_function([](gpr_log_func_args*) {});
  grpc::ChannelArguments arguments = Arguments();
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kDialMs);  // also what one attempt may take
  // gRPC would send plaintext, a token in it, through $http_proxy.
  if (tls == nullptr) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (tls != nullptr && !tls->name.empty()) arguments.SetSslTargetNameOverride(tls->name);
  return grpc::CreateCustomChannel(address, Credentials(tls), arguments);
}

// The reactor keeps a hold from Open to Close, so that its owner may start reads and writes in between whatever the
// stream does; OnDone comes only after Close gave the hold back.
class GrpcLink final : public AgentLink, private grpc::ClientBidiReactor<v1::ControllerMessage, v1::AgentMessage> {
 public:
  // `shutdown_fd`: our own name for the channel's descriptor, -1 where gRPC dials itself.
  GrpcLink(std::shared_ptr<grpc::Channel> channel, int shutdown_fd, const std::string& token, Bell& bell)
      : bell_(&bell), shutdown_fd_(shutdown_fd), channel_(std::move(channel)), stub_(v1::Agent::NewStub(channel_)) {
    // As metadata: gRPC's own call credentials want TLS, on loopback too.
    if (!token.empty()) context_.AddMetadata(contract::kTokenMetadata, absl::StrCat(contract::kBearer, token));
    stub_->async()->Session(&context_, this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
    std::lock_guard lock(mutex_);
    KeepAliveLater();
  }

  // Closed, and gRPC is done with it: only then it may be destroyed.
  bool finished() {
    std::lock_guard lock(mutex_);
    return finished_;
  }

  void Send(v1::ControllerMessage message) override {
    const v1::ControllerMessage* first = nullptr;
    {
      std::lock_guard lock(mutex_);
      if (read_ended_ || closed_) return;
      outbox_.push_back(std::move(message));
      if (writing_) return;
      writing_ = true;
      first = &outbox_.front();  // stays where it is while writing_; the deque around it may not
    }
    StartWrite(first);
  }

  std::optional<Received> Next() override {
    bool resume = false;
    std::optional<Received> next;
    {
      std::lock_guard lock(mutex_);
      if (inbox_.empty()) return std::nullopt;
      next = std::move(inbox_.front().received);
      inbox_bytes_ -= inbox_.front().bytes;
      inbox_.pop_front();
      resume = paused_ && !closed_;
      if (resume) paused_ = false;
    }
    if (resume) StartRead(&incoming_);
    return next;
  }

  bool ended() override {
    std::lock_guard lock(mutex_);
    return read_ended_ && inbox_.empty();
  }

  absl::Status Close(std::chrono::milliseconds grace) override {
    std::unique_lock lock(mutex_);
    if (closed_) return status_;
    const auto deadline = std::chrono::steady_clock::now() + grace;
    if (alarm_ != nullptr) alarm_->Cancel();
    // A pause would keep the end of the stream from us: what comes from here on is not kept.
    closed_ = true;
    const bool resume = std::exchange(paused_, false);
    lock.unlock();
    if (resume) StartRead(&incoming_);
    lock.lock();
    changed_.wait_until(lock, deadline, [this] { return read_ended_; });
    if (!read_ended_) context_.TryCancel();
    lock.unlock();
    RemoveHold();
    lock.lock();
    finished_ = changed_.wait_for(lock, kStuck, [this] { return done_ && !alarm_pending_; });
    if (!finished_) {
      bell_ = nullptr;  // its owner goes; we stay
      status_ = absl::ResourceExhaustedError("gRPC could not end the session: this host gives it no thread or memory");
      return status_;
    }
    absl::Status status = status_;
    lock.unlock();
    channel_.reset();
    stub_.reset();
    // gRPC closes its descriptor when it pleases; the agent is to see the end now.
    if (shutdown_fd_ >= 0) {
      shutdown(shutdown_fd_, SHUT_RDWR);
      close(shutdown_fd_);
      shutdown_fd_ = -1;
    }
    return status;
  }

 private:
  // gRPC's threads, one reaction of a kind at a time.
  void OnReadDone(bool ok) override {
    bool again = false;
    {
      std::lock_guard lock(mutex_);
      if (!ok) {
        read_ended_ = true;
      } else {
        if (!closed_) {
          const size_t bytes = incoming_.ByteSizeLong();
          inbox_.push_back({{std::move(incoming_), MonotonicNs(), UnixNs()}, bytes});
          inbox_bytes_ += bytes;
        }
        incoming_.Clear();
        again = closed_ || (inbox_.size() < kMaxInbox && inbox_bytes_ < kMaxInboxBytes);
        paused_ = !again;
      }
    }
    changed_.notify_all();
    {
      std::lock_guard lock(mutex_);
      if (bell_ != nullptr) bell_->Ring();
    }
    if (again) StartRead(&incoming_);
  }

  // With the lock held.
  void KeepAliveLater() {
    if (closed_ || read_ended_) return;
    alarm_pending_ = true;
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(std::chrono::system_clock::now() + kKeepAlive, [this](bool due) { OnAlarm(due); });
  }

  // On a thread of gRPC's.
  void OnAlarm(bool due) {
    bool idle = false;
    {
      std::lock_guard lock(mutex_);
      idle = outbox_.empty();  // what waits to leave will be heard as well
    }
    if (due && idle) {
      v1::ControllerMessage ping;
      ping.mutable_clock_ping()->set_controller_unix_ns(UnixNs());  // id 0: nobody waits for its answer
      Send(std::move(ping));
    }
    std::lock_guard lock(mutex_);
    alarm_pending_ = false;
    if (due) KeepAliveLater();
    changed_.notify_all();  // under the lock, as in OnDone
  }

  void OnWriteDone(bool ok) override {
    const v1::ControllerMessage* next = nullptr;
    {
      std::lock_guard lock(mutex_);
      outbox_.pop_front();
      if (!ok) outbox_.clear();  // the read side tells that it ended
      writing_ = !outbox_.empty();
      if (writing_) next = &outbox_.front();
    }
    if (next != nullptr) StartWrite(next);
  }

  void OnDone(const grpc::Status& status) override {
    std::lock_guard lock(mutex_);
    done_ = true;
    read_ended_ = true;
    status_ = contract::FromGrpc(grpc::Status(status.error_code(), contract::ConnectFailure(status.error_message())));
    changed_.notify_all();  // under the lock: the owner destroys us once it wakes
  }

  struct Kept {
    Received received;
    size_t bytes = 0;
  };

  Bell* bell_;  // guarded by mutex_
  int shutdown_fd_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Agent::Stub> stub_;
  grpc::ClientContext context_;
  v1::AgentMessage incoming_;  // of the read at hand

  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::deque<v1::ControllerMessage> outbox_;  // the front is being written while writing_
  std::deque<Kept> inbox_;
  size_t inbox_bytes_ = 0;
  bool writing_ = false;
  bool paused_ = false;  // the inbox is full; no read is under way
  bool read_ended_ = false;
  bool closed_ = false;
  bool done_ = false;
  bool finished_ = false;  // closed, and gRPC is done with us
  bool alarm_pending_ = false;
  std::unique_ptr<grpc::Alarm> alarm_;
  absl::Status status_ = absl::UnavailableError("the session was not closed");
};

// Owns a link, and leaves it alone when gRPC is stuck in it: whoever waited for that would wait for ever.
class OwnedLink final : public AgentLink {
 public:
  OwnedLink(std::shared_ptr<grpc::Channel> channel, int shutdown_fd, const std::string& token, Bell& bell)
      : link_(new GrpcLink(std::move(channel), shutdown_fd, token, bell)) {}
  ~OwnedLink() override {
    Close(std::chrono::milliseconds(0)).IgnoreError();
    if (link_->finished()) delete link_;
  }
  void Send(v1::ControllerMessage message) override { link_->Send(std::move(message)); }
  std::optional<Received> Next() override { return link_->Next(); }
  bool ended() override { return link_->ended(); }
  absl::Status Close(std::chrono::milliseconds grace) override { return link_->Close(grace); }

 private:
  GrpcLink* const link_;
};

}  // namespace

std::unique_ptr<AgentLink> AgentLink::Open(int fd, Bell& bell, const std::string& token) {
  contract::KeepGrpc();
  const int ours = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return std::make_unique<OwnedLink>(ChannelOver(fd), ours, token, bell);
}

std::unique_ptr<AgentLink> AgentLink::Dial(const std::string& address, const TlsFiles* tls, const std::string& token,
                                           Bell& bell) {
  contract::KeepGrpc();
  // The resolver's word for "this host" is not taken: plaintext stays here.
  constexpr std::string_view kByName = "localhost:";
  const bool by_name = tls == nullptr && address.starts_with(kByName);
  const std::string there = by_name ? absl::StrCat("127.0.0.1:", address.substr(kByName.size())) : address;
  return std::make_unique<OwnedLink>(ChannelTo(there, tls), -1, token, bell);
}

}  // namespace parallax::dispatch
