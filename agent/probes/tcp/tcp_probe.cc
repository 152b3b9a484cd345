#include "agent/probes/tcp/tcp_probe.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/probes/dial.h"
#include "contract/limits.h"

namespace parallax::probes {
namespace {

constexpr uint32_t kMaxListenMs = 60'000;
// Whole, so that a server which waits for the end of the head answers too.
constexpr std::string_view kHttpLine = "GET / HTTP/1.0\r\n\r\n";

// One read into the step's peer_bytes, and its end.
v1::Failure HearOnce(net::Connection& connection, int64_t deadline_ns, v1::Step* step, net::IoResult* result) {
  std::string head;
  *result = connection.Read(&head, 4096, deadline_ns);
  step->mutable_peer_bytes()->set_size(head.size());
  step->mutable_peer_bytes()->set_head(head.substr(0, contract::kMaxHeadBytes));
  step->set_os_error(result->os_error);
  return result->failure;
}

void Listen(const v1::TcpProbe& spec, const Dialled& dialled, const Context& context, Recorder& recorder) {
  v1::Step* step = recorder.Begin(v1::LISTEN_UNASKED);
  step->set_connection(dialled.index);
  const int64_t listen_until = context.clock.MonotonicNs() + int64_t{spec.listen_ms()} * net::kMs;
  net::IoResult result;
  v1::Failure failure = HearOnce(*dialled.connection, std::min(listen_until, context.deadline_ns), step, &result);
  NoteTraffic(step, *dialled.connection, 0, 0);
  // A peer that stays open and quiet did nothing wrong: that is what most servers do.
  if (failure == v1::TIMED_OUT) failure = v1::NONE;
  recorder.End(step, failure, result.text);
}

v1::Failure Ask(std::string_view question, v1::StepKind kind, const Dialled& dialled, const Context& context,
                Recorder& recorder) {
  net::Connection& connection = *dialled.connection;
  v1::Step* step = recorder.Begin(kind);
  step->set_connection(dialled.index);
  const uint64_t out = connection.record().bytes_out();
  const uint64_t in = connection.record().bytes_in();
  const int64_t deadline_ns = context.StepDeadline();
  net::IoResult result = connection.Write(question, deadline_ns);
  v1::Failure failure = result.failure;
  if (result.ok()) failure = HearOnce(connection, deadline_ns, step, &result);
  NoteTraffic(step, connection, out, in);
  if (failure == v1::TIMED_OUT) step->set_end(EndOfWait(*step));
  recorder.End(step, failure, result.text);
  return failure;
}

}  // namespace

absl::Status ValidateTcp(const v1::ProbeSpec& spec) {
  if (absl::Status status = ValidateEndpoint(spec.tcp().endpoint(), "tcp.endpoint"); !status.ok()) return status;
  if (spec.tcp().listen_ms() > kMaxListenMs) {
    return absl::InvalidArgumentError(absl::StrCat("tcp.listen_ms: at most ", kMaxListenMs));
  }
  if (spec.tcp().send().size() > contract::kMaxBytesFromPeer) {
    return absl::InvalidArgumentError(absl::StrCat("tcp.send: at most ", contract::kMaxBytesFromPeer, " bytes"));
  }
  return absl::OkStatus();
}

absl::Status RunTcp(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder) {
  const v1::TcpProbe& tcp = spec.tcp();
  const Destination to = Locate(tcp.endpoint(), context, recorder);
  if (to.failure != v1::NONE) return absl::OkStatus();
  {
    Dialled dialled = Dial(to, context, recorder);
    if (dialled.failure != v1::NONE) return absl::OkStatus();
    if (tcp.listen_ms() > 0) Listen(tcp, dialled, context, recorder);
    const bool open = dialled.connection->record().end() == v1::END_UNSPECIFIED;
    if (!tcp.send().empty() && open) Ask(tcp.send(), v1::EXCHANGE, dialled, context, recorder);
  }
  if (tcp.send_http_line()) {
    const v1::Failure outcome = recorder.observation()->outcome();
    Dialled dialled = Dial(to, context, recorder, "http");
    if (dialled.failure == v1::NONE) Ask(kHttpLine, v1::HTTP_LINE, dialled, context, recorder);
    // The question "does it speak HTTP?" is beside the point of the connect: silence is an answer to it.
    recorder.observation()->set_outcome(outcome);
  }
  return absl::OkStatus();
}

}  // namespace parallax::probes
