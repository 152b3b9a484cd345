#include "agent/probes/postgres/postgres_probe.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "agent/probes/dial.h"
#include "agent/probes/postgres/row.h"
#include "contract/names.h"

namespace parallax::probes {
namespace {

constexpr size_t kMaxIdentifierBytes = 1024;
// What OpenSSL's own ClientHello comes to, where none was sent to be measured.
constexpr uint64_t kUsualHelloBytes = 517;

// The other sslmodes, each as far as the server's answer to the startup message: no row sends credentials, the main one
// did or would not.
void RunMatrix(const v1::PostgresProbe& spec, v1::SslMode asked, const Destination& to, const Context& context,
               Recorder& recorder) {
  for (int mode = v1::DISABLE; mode <= v1::VERIFY_FULL; ++mode) {
    if (mode == asked || context.cancel.cancelled()) continue;
    postgres::RowOptions options;
    options.mode = static_cast<v1::SslMode>(mode);
    options.variant = absl::StrCat("sslmode=", contract::Name(options.mode));
    options.may_authenticate = false;
    postgres::Row(spec, to, options, context, recorder).Run();
  }
}

// Is it the size of the ClientHello that does not pass, or what it is? A startup message of the same size, in clear.
void CheckMessageSize(const v1::PostgresProbe& spec, const Destination& to, const Context& context,
                      Recorder& recorder) {
  uint64_t size = kUsualHelloBytes;
  for (const v1::Step& step : recorder.observation()->steps()) {
    if (step.kind() == v1::TLS_HANDSHAKE && step.tls().client_hello_size() > 0) size = step.tls().client_hello_size();
  }
  Dialled dialled = Dial(to, context, recorder, "message size");
  if (dialled.failure != v1::NONE) return;
  v1::Step* step = recorder.Begin(v1::MESSAGE_SIZE, "startup");
  step->set_connection(dialled.index);
  const std::vector<std::pair<std::string, std::string>> bare = {{"user", spec.user()}, {"application_name", ""}};
  const size_t without = postgres::StartupMessage(bare).size();
  std::string padding(size > without ? size - without : 0, 'x');
  const std::string message =
      postgres::StartupMessage({{"user", spec.user()}, {"application_name", std::move(padding)}});
  step->mutable_message_size()->set_what("startup message in clear");
  step->mutable_message_size()->set_size(message.size());
  const int64_t deadline_ns = context.StepDeadline();
  net::IoResult result = dialled.connection->Write(message, deadline_ns);
  std::string head;
  // Any answer will do, an error too: it shows that the message arrived whole.
  if (result.ok()) result = dialled.connection->Read(&head, 4096, deadline_ns);
  NoteTraffic(step, *dialled.connection, 0, 0);
  if (result.failure == v1::TIMED_OUT) step->set_end(EndOfWait(*step));
  step->set_os_error(result.os_error);
  recorder.End(step, result.failure, result.text);
}

}  // namespace

absl::Status ValidatePostgres(const v1::ProbeSpec& spec) {
  const v1::PostgresProbe& postgres = spec.postgres();
  if (absl::Status status = ValidateEndpoint(postgres.endpoint(), "postgres.endpoint"); !status.ok()) return status;
  if (postgres.user().empty()) return absl::InvalidArgumentError("postgres.user: empty");
  for (const std::string& text : {postgres.user(), postgres.database(), postgres.parameters().options(),
                                  postgres.parameters().application_name()}) {
    if (text.size() > kMaxIdentifierBytes || text.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(
          "postgres.user, database, options, application_name: over 1024 bytes, or with a zero byte");
    }
  }
  if (postgres.query().find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("postgres.query: with a zero byte");
  }
  return absl::OkStatus();
}

absl::Status RunPostgres(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder) {
  const v1::PostgresProbe& probe = spec.postgres();
  const Destination to = Locate(probe.endpoint(), context, recorder);
  if (to.failure != v1::NONE) return absl::OkStatus();
  postgres::RowOptions options;
  // `allow` accepts either, as `prefer` does; the order in which libpq tries them is no difference of the path.
  options.mode =
      probe.ssl_mode() == v1::SSL_MODE_UNSPECIFIED || probe.ssl_mode() == v1::ALLOW ? v1::PREFER : probe.ssl_mode();
  options.padded_client_hello = probe.padded_client_hello();
  postgres::Row(probe, to, options, context, recorder).Run();
  // What follows are further questions: the outcome is the main row's.
  const v1::Failure outcome = recorder.observation()->outcome();
  if (probe.ssl_mode_matrix() && outcome != v1::DENIED_BY_POLICY) RunMatrix(probe, options.mode, to, context, recorder);
  if (probe.message_size_check() && outcome != v1::DENIED_BY_POLICY) CheckMessageSize(probe, to, context, recorder);
  recorder.observation()->set_outcome(outcome);
  return absl::OkStatus();
}

}  // namespace parallax::probes
