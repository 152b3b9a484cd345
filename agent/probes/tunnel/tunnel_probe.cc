#include "agent/probes/tunnel/tunnel_probe.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/net/address.h"
#include "agent/net/connection.h"
#include "agent/net/tcp_sockets.h"
#include "agent/probes/dial.h"
#include "agent/probes/route/route_facts.h"
#include "agent/probes/tunnel/banner.h"
#include "agent/probes/tunnel/carrier_finder.h"
#include "agent/probes/tunnel/socks_steps.h"

namespace parallax::probes {
namespace {

constexpr uint32_t kDefaultBanners = 5;
constexpr uint32_t kMaxBanners = 50;
constexpr int kMaxSocksDestinations = 16;
// A redirector is on this host: it accepts at once or is none. What lies further away need not be waited for.
constexpr int64_t kLocalAcceptNs = 1000 * net::kMs;

// CARRIER_FOUND. Returns what to ask next; nothing when it failed.
absl::Status FindAndRecord(const Destination& to, const Context& context, Recorder& recorder, FoundCarrier* found) {
  v1::Step* step = recorder.Begin(v1::CARRIER_FOUND);
  const int64_t deadline_ns = context.StepDeadline();
  absl::StatusOr<RouteFacts> facts = ReadRouteFacts(to.address, deadline_ns);
  if (!facts.ok()) {
    recorder.End(step, v1::LOCAL_RESOURCE, std::string(facts.status().message()));
    return facts.status();
  }
  if (facts->failure != v1::NONE) {
    step->mutable_carrier()->set_kind(v1::CARRIER_UNKNOWN);
    step->mutable_carrier()->set_summary(facts->text);
    step->set_os_error(facts->os_error);
    recorder.End(step, facts->failure, facts->text);
    return absl::OkStatus();
  }
  CarrierQuestion question = {to.address, to.port, facts->details, facts->carrier, ""};
  std::unique_ptr<net::Connection> ours;
  if (!net::IsLoopbackAddress(to.address)) {
    v1::Connection* record = recorder.observation()->add_connections();
    step->set_connection(recorder.observation()->connections_size());
    ours = std::make_unique<net::Connection>(context.clock, context.cancel, recorder.origin_ns(), record);
    const int64_t patience_ns = std::min(deadline_ns, context.clock.MonotonicNs() + kLocalAcceptNs);
    if (ours->Connect(to.address, to.port, patience_ns).ok()) question.own_end = record->local_address();
  }
  absl::StatusOr<FoundCarrier> carrier = FindCarrier(question, context.clock, context.cancel, deadline_ns);
  if (ours != nullptr) ours->Close();
  if (!carrier.ok()) {
    recorder.End(step, v1::LOCAL_RESOURCE, std::string(carrier.status().message()));
    return carrier.status();
  }
  *found = *std::move(carrier);
  for (const v1::SocksListener& listener : ThatSpeakSocks(found->socks, context, recorder)) {
    *found->details.add_socks() = listener;
  }
  *step->mutable_carrier() = found->details;
  recorder.End(step, v1::NONE, found->details.summary());
  return absl::OkStatus();
}

std::vector<SocksDestination> SocksDestinations(const v1::TunnelProbe& probe, const Destination& to) {
  std::vector<SocksDestination> destinations;
  // The proxy is told where to go in the VPC; a --connect-to map is about this side's own dialling.
  const v1::Endpoint& target = probe.destination();
  const std::string& host = !target.address().empty() ? target.address() : target.host();
  destinations.push_back({to.via_connect_to ? host : to.address, static_cast<uint16_t>(target.port()), false, false});
  for (int i = 0; i < probe.socks_destinations_size(); ++i) {
    const v1::Endpoint& endpoint = probe.socks_destinations(i);
    // The destination itself, when a plan names it here too, is asked once, and is no control.
    const bool same_host =
        endpoint.address() == target.address() && (!target.address().empty() || endpoint.host() == target.host());
    if (same_host && endpoint.port() == target.port()) continue;
    const bool negative = i < probe.socks_negative_size() && probe.socks_negative(i);
    destinations.push_back({!endpoint.address().empty() ? endpoint.address() : endpoint.host(),
                            static_cast<uint16_t>(endpoint.port()), negative, !negative});
  }
  return destinations;
}

}  // namespace

absl::Status ValidateTunnel(const v1::ProbeSpec& spec) {
  const v1::TunnelProbe& probe = spec.tunnel();
  if (absl::Status status = ValidateEndpoint(probe.destination(), "tunnel.destination"); !status.ok()) return status;
  for (const v1::Endpoint& endpoint : probe.socks_destinations()) {
    if (absl::Status status = ValidateEndpoint(endpoint, "tunnel.socks_destinations"); !status.ok()) return status;
  }
  if (probe.socks_destinations_size() > kMaxSocksDestinations) {
    return absl::InvalidArgumentError(absl::StrCat("tunnel.socks_destinations: at most ", kMaxSocksDestinations));
  }
  if (probe.banner_attempts() > kMaxBanners) {
    return absl::InvalidArgumentError(absl::StrCat("tunnel.banner_attempts: at most ", kMaxBanners));
  }
  return absl::OkStatus();
}

absl::Status RunTunnel(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder) {
  const v1::TunnelProbe& probe = spec.tunnel();
  const Destination to = Locate(probe.destination(), context, recorder);
  if (to.failure != v1::NONE) return absl::OkStatus();
  if (absl::Status allowed = context.policy.CheckAddress(to.address, to.port); !allowed.ok()) {
    recorder.End(recorder.Begin(v1::CONNECT), v1::DENIED_BY_POLICY, std::string(allowed.message()));
    return absl::OkStatus();
  }
  FoundCarrier found;
  if (absl::Status status = FindAndRecord(to, context, recorder, &found); !status.ok()) return status;
  v1::Failure outcome = recorder.observation()->outcome();
  if (!found.bastions.empty()) {
    const uint32_t attempts = probe.banner_attempts() > 0 ? probe.banner_attempts() : kDefaultBanners;
    outcome = AskBanner(found.bastions.front(), attempts, context, recorder);
  }
  const std::vector<v1::SocksListener> listeners(found.details.socks().begin(), found.details.socks().end());
  if (!listeners.empty()) ConnectThroughSocks(listeners, SocksDestinations(probe, to), context, recorder);
  // A negative control that fails to connect is no failure of the probe: the way to the bastion is what it asks for.
  recorder.observation()->set_outcome(outcome);
  return absl::OkStatus();
}

}  // namespace parallax::probes
