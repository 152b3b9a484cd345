#include "agent/session/health_check.h"

#include <grpc/support/log.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "agent/net/tls_files.h"
#include "agent/session/listen_address.h"
#include "contract/limits.h"
#include "contract/not_reached.h"
#include "contract/status.h"
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

}  // namespace

absl::Status CheckHealth(const HealthCheckOptions& options) {
  const auto address = ParseServedAddress(options.address);
  if (!address.ok()) return address.status();
  if (absl::Status status = CheckFiles(options); !status.ok()) return status;
  gpr_set_log_function([](gpr_log_func_args*) {});  // all that it would print comes back as a status
  grpc::ChannelArguments arguments;
  if (!options.tls_name.empty()) arguments.SetSslTargetNameOverride(options.tls_name);
  const auto channel = grpc::CreateCustomChannel(address->Text(), Credentials(options), arguments);
  const auto stub = v1::Agent::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(options.timeout_ms));
  const auto stream = stub->Session(&context);
  v1::AgentMessage message;
  const bool answered = stream->Read(&message);
  if (answered && message.has_hello()) {
    v1::ControllerMessage bye;
    bye.mutable_bye()->set_why("a health check");
    stream->Write(bye);
    stream->WritesDone();
    context.TryCancel();
    stream->Finish();
    return absl::OkStatus();
  }
  if (answered) context.TryCancel();  // not after the end: the status would become ours
  const grpc::Status status = stream->Finish();
  if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) return absl::OkStatus();
  const std::string why = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED
                              ? absl::StrCat("no agent greeted within ", options.timeout_ms, " ms")
                              : contract::Printable(contract::ConnectFailure(status.error_message()), 400);
  return absl::UnavailableError(
      absl::StrCat("no agent serves at ", address->Text(), ": ", why, "\n", Remedy(why, options)));
}

}  // namespace parallax::session
