#include "agent/probes/dial.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/net/address.h"
#include "agent/net/resolve.h"
#include "contract/limits.h"

namespace parallax::probes {

absl::Status ValidateEndpoint(const v1::Endpoint& endpoint, std::string_view field) {
  const std::string name(field);
  if (endpoint.host().empty() && endpoint.address().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": neither a host nor an address"));
  }
  if (endpoint.port() == 0 || endpoint.port() > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": port ", endpoint.port(), " is not in 1..65535"));
  }
  if (!endpoint.address().empty() && !net::IsNumericAddress(endpoint.address())) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": '", contract::Printable(endpoint.address(), 80), "' is not a numeric address"));
  }
  return absl::OkStatus();
}

Destination Locate(const v1::Endpoint& endpoint, const Context& context, Recorder& recorder) {
  Destination to;
  to.address = endpoint.address();
  to.port = static_cast<uint16_t>(endpoint.port());
  std::string name = endpoint.host();
  for (const v1::ConnectTo& entry : context.connect_to) {
    const bool same_host = entry.host() == endpoint.host() || entry.host() == endpoint.address();
    if (!same_host || entry.port() != endpoint.port()) continue;
    name = entry.to_host();
    to.address = net::IsNumericAddress(name) ? name : "";
    to.port = static_cast<uint16_t>(entry.to_port());
    to.via_connect_to = true;
    break;
  }
  if (to.address.empty() && net::IsNumericAddress(name)) to.address = name;
  recorder.observation()->set_via_connect_to(to.via_connect_to);
  if (to.address.empty()) {
    v1::Step* step = recorder.Begin(v1::RESOLVE, "system");
    net::Resolved resolved = net::ResolveName(name, context.clock, context.cancel, context.StepDeadline());
    v1::ResolveDetails* details = step->mutable_resolve();
    details->set_name(contract::Printable(name, contract::kMaxNameBytes));
    details->set_resolver("system");
    details->set_ttl_seconds(-1);
    details->mutable_addresses()->Add(resolved.addresses.begin(), resolved.addresses.end());
    details->set_error(resolved.error);
    recorder.End(step, resolved.failure, resolved.error);
    to.failure = resolved.failure;
    if (resolved.failure == v1::NONE) to.address = resolved.addresses.front();
  }
  recorder.observation()->set_address(to.address);
  return to;
}

Dialled Dial(const Destination& destination, const Context& context, Recorder& recorder, std::string_view variant) {
  Dialled dialled;
  v1::Observation* observation = recorder.observation();
  v1::Step* step = recorder.Begin(v1::CONNECT, variant);
  dialled.connect = step;
  if (absl::Status allowed = context.policy.CheckAddress(destination.address, destination.port); !allowed.ok()) {
    dialled.failure = v1::DENIED_BY_POLICY;
    recorder.End(step, dialled.failure, std::string(allowed.message()));
    return dialled;
  }
  v1::Connection* record = observation->add_connections();
  dialled.index = observation->connections_size();
  step->set_connection(dialled.index);
  auto connection = std::make_unique<net::Connection>(context.clock, context.cancel, recorder.origin_ns(), record);
  const net::IoResult result = connection->Connect(destination.address, destination.port, context.StepDeadline());
  dialled.failure = result.failure;
  step->set_os_error(result.os_error);
  if (!result.ok()) step->set_end(v1::NEVER_OPENED);
  recorder.End(step, result.failure, result.text);
  // The step is the connect(2) alone: a socket's making, and what is asked of it afterwards, take as long on loopback.
  step->set_start_ns(record->opened_ns());
  step->set_duration_ns((result.ok() ? connection->connected_ns() : record->ended_ns()) - record->opened_ns());
  if (result.ok()) dialled.connection = std::move(connection);
  return dialled;
}

void NoteTraffic(v1::Step* step, const net::Connection& connection, uint64_t out_before, uint64_t in_before) {
  const v1::Connection& record = connection.record();
  step->set_bytes_out(record.bytes_out() - out_before);
  step->set_bytes_in(record.bytes_in() - in_before);
  if (record.end() != v1::END_UNSPECIFIED) step->set_end(record.end());
}

v1::End EndOfWait(const v1::Step& step) { return step.bytes_in() > 0 ? v1::UNFINISHED : v1::SILENCE; }

}  // namespace parallax::probes
