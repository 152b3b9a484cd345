#include "agent/session/health_check.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "agent/net/tls_files.h"
#include "agent/session/agent_service.h"
#include "agent/session/listen_address.h"
#include "contract/agent_token.h"
#include "contract/grpc_runtime.h"
#include "contract/limits.h"
#include "contract/not_reached.h"
#include "contract/status.h"
#include "contract/unix_socket.h"
#include "parallax/v1/plan.pb.h"
#include "parallax/v1/session.grpc.pb.h"

namespace parallax::session {
namespace {

constexpr unsigned kNeverReloaded = 3600;  // seconds; the check is over long before

absl::Status CheckFiles(const HealthCheckOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return absl::InvalidArgumentError("a certificate and its key go together: give both --tls-cert and --tls-key");
  }
  if (!options.tls_ca.empty()) {
    if (absl::Status status = net::CheckAuthorityFile(options.tls_ca); !status.ok()) return status;
  }
  return options.tls_cert.empty() ? absl::OkStatus() : net::CheckIdentityFiles(options.tls_cert, options.tls_key);
}

bool SpeaksTls(const HealthCheckOptions& options) {
  return !options.tls_ca.empty() || !options.tls_cert.empty() || !options.tls_name.empty();
}

std::string Remedy(std::string_view why, const HealthCheckOptions& options) {
  contract::Dialling dialling;
  dialling.tls = SpeaksTls(options);
  dialling.showed_certificate = !options.tls_cert.empty();
  dialling.in_plaintext = "without any --tls- option";
  dialling.with_tls = "with --tls-ca FILE, the authorities of its certificate";
  dialling.look = "parallax-agent serve prints where it listens";
  return contract::NotReachedRemedy(why, dialling);
}

std::shared_ptr<grpc::ChannelCredentials> Credentials(const HealthCheckOptions& options) {
  if (!SpeaksTls(options)) return grpc::InsecureChannelCredentials();
  using grpc::experimental::FileWatcherCertificateProvider;
  grpc::experimental::TlsChannelCredentialsOptions tls;
  if (!options.tls_ca.empty() || !options.tls_cert.empty()) {
    tls.set_certificate_provider(std::make_shared<FileWatcherCertificateProvider>(options.tls_key, options.tls_cert,
                                                                                  options.tls_ca, kNeverReloaded));
  }
  if (!options.tls_ca.empty()) tls.watch_root_certs();
  if (!options.tls_cert.empty()) tls.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(tls);
}

// Plaintext goes to this host only when it carries a token: what looks like a local address is one, and no proxy of the
// environment stands between.
absl::Status CheckTokenStaysHere(const HealthCheckOptions& options, const ListenAddress& address) {
  if (options.token.empty() || SpeaksTls(options) || !address.path.empty()) return absl::OkStatus();
  if (ParseListenAddress(address.Text()).ok()) return absl::OkStatus();  // loopback
  return absl::InvalidArgumentError(
      absl::StrCat("the token is not sent to ", address.Text(),
                   " in plaintext: give --tls-ca FILE for an agent that speaks TLS, or forward a port of 127.0.0.1"));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Channel(const HealthCheckOptions& options, ListenAddress address) {
  grpc::ChannelArguments arguments;
  if (!address.path.empty()) {
    const auto fd = contract::ConnectUnix(address.path);
    if (!fd.ok()) return fd.status();
    return grpc::CreateCustomInsecureChannelFromFd("agent", *fd, arguments);
  }
  if (!SpeaksTls(options)) {
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    if (address.host == "localhost" && !options.token.empty()) address.host = "127.0.0.1";
  }
  if (!options.tls_name.empty()) arguments.SetSslTargetNameOverride(options.tls_name);
  return grpc::CreateCustomChannel(address.Text(), Credentials(options), arguments);
}

// Work that stays on this host: one question to the kernel, through session, worker and runner.
v1::Plan TinyPlan(int64_t timeout_ms) {
  v1::Plan plan;
  plan.set_version(contract::kPlanVersion);
  plan.set_phase("check");
  plan.set_attempts(1);
  v1::ProbeSpec* probe = plan.add_probes();
  probe->set_name("route to this host");
  probe->set_timeout_ms(timeout_ms);
  probe->mutable_route()->set_address("127.0.0.1");
  return plan;
}

class Check {
 public:
  Check(const HealthCheckOptions& options, const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::Agent::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(options.timeout_ms));
    context_.AddMetadata(contract::kCheckMetadata, "1");
    if (!options.token.empty()) {
      context_.AddMetadata(contract::kTokenMetadata, absl::StrCat(contract::kBearer, options.token));
    }
    stream_ = stub_->Session(&context_);
  }

  // "" once a plan was run; else how far it came, with the status of the stream.
  std::string Run(int64_t timeout_ms, grpc::Status* status) {
    std::string how_far = HowFar(timeout_ms);
    if (how_far.empty()) {
      v1::ControllerMessage bye;
      bye.mutable_bye()->set_why("a health check");
      stream_->Write(bye);
      stream_->WritesDone();
    }
    if (how_far.empty() || !ended_) context_.TryCancel();  // not after the end: the status would become ours
    *status = stream_->Finish();
    return how_far;
  }

 private:
  bool Read(v1::AgentMessage* message) {
    ended_ = !stream_->Read(message);
    return !ended_;
  }

  std::string HowFar(int64_t timeout_ms) {
    v1::AgentMessage message;
    if (!Read(&message) || !message.has_hello()) return "no agent greeted";
    v1::ControllerMessage ours;
    ours.mutable_welcome()->set_protocol(contract::kProtocolVersion);
    ours.mutable_welcome()->set_controller_version(PARALLAX_VERSION);
    ours.mutable_welcome()->set_run("check");
    stream_->Write(ours);
    ours.mutable_assignment()->set_id(1);
    ours.mutable_assignment()->set_plan(TinyPlan(timeout_ms).SerializeAsString());
    stream_->Write(ours);
    while (Read(&message)) {
      if (message.has_observation()) {
        ours.mutable_ack()->set_number(message.observation().number());
        stream_->Write(ours);
      }
      if (!message.has_done()) continue;
      return message.done().error().empty() ? "" : absl::StrCat("it refused to work: ", message.done().error());
    }
    return "it greeted, and did no work";
  }

  const std::unique_ptr<v1::Agent::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ControllerMessage, v1::AgentMessage>> stream_;
  bool ended_ = false;
};

}  // namespace

absl::Status CheckHealth(const HealthCheckOptions& options) {
  const auto address = ParseServedAddress(options.address);
  if (!address.ok()) return address.status();
  if (absl::Status status = CheckFiles(options); !status.ok()) return status;
  if (absl::Status status = CheckTokenStaysHere(options, *address); !status.ok()) return status;
  contract::KeepGrpc();
  gpr_set_log_function([](gpr_log_func_args*) {});  // all that it would print comes back as a status
  const auto channel = Channel(options, *address);
  if (!channel.ok()) {
    return absl::UnavailableError(
        absl::StrCat("no agent serves at ", address->Text(), ": ", std::string(channel.status().message())));
  }
  grpc::Status status;
  Check check(options, *channel);
  const std::string how_far = check.Run(options.timeout_ms, &status);
  if (how_far.empty()) return absl::OkStatus();
  const std::string said = contract::Printable(contract::ConnectFailure(status.error_message()), 400);
  const bool silent = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  if (status.error_code() == static_cast<grpc::StatusCode>(kWorkHangs)) {
    return absl::UnavailableError(
        absl::StrCat("the agent at ", address->Text(), " is there and does not work: ", said,
                     "\nstart it again; what hangs there is worth a report, with what its log says"));
  }
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
    return absl::UnavailableError(
        absl::StrCat("the agent at ", address->Text(), " does not let us in: ", said, "\n", Remedy(said, options)));
  }
  if (how_far != "no agent greeted") {
    return absl::UnavailableError(absl::StrCat(
        "the agent at ", address->Text(), " is there and does not work: ", contract::Printable(how_far, 400),
        silent         ? absl::StrCat(" within ", options.timeout_ms, " ms")
        : said.empty() ? ""
                       : absl::StrCat("; ", said),
        "\nis its host overloaded, or was the agent asked to end? Else start it again"));
  }
  const std::string why = silent ? absl::StrCat(how_far, " within ", options.timeout_ms, " ms") : said;
  return absl::UnavailableError(
      absl::StrCat("no agent serves at ", address->Text(), ": ", why, "\n", Remedy(why, options)));
}

}  // namespace parallax::session
