#include "agent/probes/tls/tls_probe.h"

#include <string>

#include "agent/net/tls.h"
#include "agent/probes/dial.h"

namespace parallax::probes {
namespace {

void Handshake(const v1::TlsProbe& spec, const Destination& to, bool padded, const Context& context,
               Recorder& recorder) {
  const std::string variant = padded ? "padded" : "";
  Dialled dialled = Dial(to, context, recorder, variant);
  if (dialled.failure != v1::NONE) return;
  v1::Step* step = recorder.Begin(v1::TLS_HANDSHAKE, variant);
  step->set_connection(dialled.index);
  net::TlsOptions options;
  options.name = spec.sni().empty() ? spec.endpoint().host() : spec.sni();
  if (options.name.empty()) options.name = to.address;
  options.alpn.assign(spec.alpn().begin(), spec.alpn().end());
  options.pad_client_hello = padded ? net::kPaddedHelloBytes : 0;
  options.now_unix = context.clock.UnixNs() / 1'000'000'000;
  net::TlsSession session(*dialled.connection, options);
  net::IoResult result = session.Handshake(step->mutable_tls(), context.StepDeadline());
  if (result.ok() && spec.verify() && !step->tls().verify_error().empty()) {
    result.failure = v1::TLS_CERTIFICATE;
    result.text = step->tls().verify_error();
  }
  NoteTraffic(step, *dialled.connection, 0, 0);
  if (result.failure == v1::TIMED_OUT) step->set_end(EndOfWait(*step));
  step->set_os_error(result.os_error);
  recorder.End(step, result.failure, result.text);
}

}  // namespace

absl::Status ValidateTls(const v1::ProbeSpec& spec) { return ValidateEndpoint(spec.tls().endpoint(), "tls.endpoint"); }

absl::Status RunTls(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder) {
  const Destination to = Locate(spec.tls().endpoint(), context, recorder);
  if (to.failure != v1::NONE) return absl::OkStatus();
  Handshake(spec.tls(), to, /*padded=*/false, context, recorder);
  if (spec.tls().padded()) {
    const v1::Failure outcome = recorder.observation()->outcome();
    Handshake(spec.tls(), to, /*padded=*/true, context, recorder);
    if (outcome != v1::NONE) recorder.observation()->set_outcome(outcome);
  }
  return absl::OkStatus();
}

}  // namespace parallax::probes
