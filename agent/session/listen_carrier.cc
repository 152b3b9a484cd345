#include "agent/session/listen_carrier.h"

#include <arpa/inet.h>
#include <grpc/grpc.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/net/cancel.h"
#include "agent/net/signals.h"
#include "agent/net/tls_files.h"
#include "agent/session/agent_service.h"
#include "agent/session/last_resort.h"
#include "agent/session/listen_address.h"
#include "agent/session/unix_listener.h"
#include "contract/agent_token.h"
#include "contract/descriptors.h"
#include "contract/grpc_runtime.h"

namespace parallax::session {
namespace {

// How long the last bytes of ended work may take to leave.
constexpr auto kFlush = std::chrono::milliseconds(1'000);
// How long what was cut off may take to notice, before the process ends without it.
constexpr auto kCutOff = std::chrono::milliseconds(5'000);

// The modes that let a file's group or others at all: to connect one needs to write (unix(7)).
constexpr mode_t kOwner = 0600;
constexpr mode_t kOthers = 0007;

absl::Status CheckCallersAreKnown(const ListenAddress& address, const ListenOptions& options) {
  if (!options.token.empty()) {
    if (absl::Status status = contract::CheckToken(options.token); !status.ok()) return status;
  }
  if (address.path.empty()) {
    if (!options.token.empty() || !options.tls_client_ca.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("every user of this host, and every container of its pod, could connect to ", address.Text(),
                     ", and this agent would not know them. Three ways:\n"
                     "  --listen unix:PATH              the socket's file modes say who may; the default\n"
                     "  --token-file FILE               callers show a copy of that token; --token-from env:NAME takes "
                     "it from there\n"
                     "  --tls-cert FILE --tls-key FILE --tls-client-ca FILE   callers show a certificate"));
  }
  if (!options.tls_cert.empty() || !options.tls_key.empty() || !options.tls_client_ca.empty()) {
    return absl::InvalidArgumentError(
        "TLS is for --listen ADDRESS:PORT: a unix socket stays on this host, and its file modes say who may connect");
  }
  if ((options.socket_mode & kOwner) != kOwner || (options.socket_mode & ~mode_t{0666}) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("--socket-mode ", absl::StrFormat("%04o", options.socket_mode),
                                                   ": write 0600 (this user alone) or 0660 (its group too)"));
  }
  if ((options.socket_mode & kOthers) != 0 && options.token.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--socket-mode ", absl::StrFormat("%04o", options.socket_mode),
                     " lets every user of this host connect: with --token-file FILE callers are known all the same; "
                     "else take 0660 and a group"));
  }
  return absl::OkStatus();
}

absl::Status CheckFiles(const ListenOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return absl::InvalidArgumentError("a certificate and its key go together: give both --tls-cert and --tls-key");
  }
  if (options.tls_cert.empty() && !options.tls_client_ca.empty()) {
    return absl::InvalidArgumentError(
        "--tls-client-ca asks for the certificates of controllers, over TLS: give --tls-cert and --tls-key too");
  }
  if (options.tls_cert.empty()) return absl::OkStatus();
  if (absl::Status status = net::CheckIdentityFiles(options.tls_cert, options.tls_key); !status.ok()) return status;
  return options.tls_client_ca.empty() ? absl::OkStatus() : net::CheckAuthorityFile(options.tls_client_ca);
}

// TLS 1.2 at least, which is gRPC's own lower bound.
std::shared_ptr<grpc::ServerCredentials> Credentials(const ListenOptions& options) {
  if (options.tls_cert.empty()) return grpc::InsecureServerCredentials();
  using grpc::experimental::FileWatcherCertificateProvider;
  grpc::experimental::TlsServerCredentialsOptions tls(std::make_shared<FileWatcherCertificateProvider>(
      options.tls_key, options.tls_cert, options.tls_client_ca, options.reload_seconds));
  tls.watch_identity_key_cert_pairs();
  if (!options.tls_client_ca.empty()) {
    tls.watch_root_certs();
    tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(tls);
}

// Why bind(2) fails: gRPC tells it to its log only. OK, or the reason.
absl::Status TryToBind(const ListenAddress& address) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
  } else {
    inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    size = sizeof(sockaddr_in6);
  }
  const int fd = contract::OpenSocket(storage.ss_family, SOCK_STREAM);
  const int on = 1;
  int error = 0;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      bind(fd, reinterpret_cast<sockaddr*>(&storage), size) != 0 || listen(fd, 1) != 0) {
    error = errno;
  }
  if (fd >= 0) close(fd);
  if (error == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "cannot listen on ", address.Text(), ": ", strerror(error),
      error == EADDRINUSE ? "; does another agent serve there? Choose another port with --listen, 0 for any" : ""));
}

enum class Woken { kStop, kDrained, kTimeout };

// How long an accept that found no descriptor waits before it is tried again.
constexpr int kNoDescriptorMs = 100;

// Blocks until `stop_fd` is readable, and takes what is in it; until `drained_fd` is; or until the deadline. Meanwhile
// who connects to `sockets` (may be null) is given to `server`.
Woken Wait(int stop_fd, int drained_fd, std::chrono::steady_clock::time_point deadline, const UnixListener* sockets,
           grpc::Server* server) {
  bool exhausted = false;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return Woken::kTimeout;
    pollfd waits[] = {{stop_fd, POLLIN, 0},
                      {drained_fd, POLLIN, 0},
                      {sockets == nullptr || exhausted ? -1 : sockets->fd(), POLLIN, 0}};
    poll(waits, 3, static_cast<int>(std::min<int64_t>(left, exhausted ? kNoDescriptorMs : 60'000)));
    exhausted = false;
    if (waits[0].revents != 0) {
      net::TakeSignal(stop_fd);
      return Woken::kStop;
    }
    if (waits[1].revents != 0) return Woken::kDrained;
    if (waits[2].revents == 0) continue;
    const int caller = sockets->Accept();
    exhausted = caller < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
    if (caller >= 0) grpc::AddInsecureChannelFromFd(server, caller);  // owns it from here
  }
}

}  // namespace

absl::Status ServeListen(AgentSession& session, const ListenOptions& options, int stop_fd) {
  auto address = ParseListenAddress(options.address);
  if (!address.ok()) return address.status();
  if (absl::Status status = CheckFiles(options); !status.ok()) return status;
  if (absl::Status status = CheckCallersAreKnown(*address, options); !status.ok()) return status;

  const CallerCheck callers(options.token, options.log);
  ServiceOptions of_service;
  of_service.max_sessions = options.max_sessions;
  of_service.max_checks = options.max_checks;
  of_service.check_ms = options.check_ms;
  of_service.hang_grace = options.hang_grace;
  of_service.callers = &callers;
  AgentService service(session, std::move(of_service));
  contract::KeepGrpc();
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  Configure(builder);
  std::unique_ptr<UnixListener> sockets;
  int port = 0;
  if (address->path.empty()) {
    if (absl::Status status = TryToBind(*address); !status.ok()) return status;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // or two agents would share a port, and take turns
    builder.AddListeningPort(address->Text(), Credentials(options), &port);
  } else {
    // Not gRPC's own listener: that one gives the file whatever the umask leaves, and removes a living agent's.
    auto opened = UnixListener::Open(address->path, options.socket_mode);
    if (!opened.ok()) return opened.status();
    sockets = *std::move(opened);
  }
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || (sockets == nullptr && port == 0)) {
    return absl::UnavailableError(absl::StrCat("gRPC cannot listen on ", address->Text()));
  }
  address->port = static_cast<uint16_t>(port);
  if (options.on_listening) options.on_listening(address->Text());

  using std::chrono::steady_clock;
  const auto wait = [&](int drained_fd, steady_clock::time_point until) {
    return Wait(stop_fd, drained_fd, until, sockets.get(), server.get());
  };
  while (wait(-1, steady_clock::now() + std::chrono::hours(24)) != Woken::kStop) {
  }
  const net::CancelToken& drained = session.Drain();
  const Woken woken = wait(drained.fd(), steady_clock::now() + std::chrono::milliseconds(options.drain_ms));
  const LastResort last_resort(kFlush + kCutOff);
  // New sessions find nobody; the controllers of those that are there may read their last answers.
  server->Shutdown(std::chrono::system_clock::now() + (woken == Woken::kDrained ? kFlush : kFlush * 0));
  server->Wait();
  if (woken == Woken::kDrained) return absl::OkStatus();
  return absl::CancelledError(woken == Woken::kStop ? "asked to end twice: what still ran was cut off"
                                                    : "what still ran took too long, and was cut off");
}

}  // namespace parallax::session
