#include "agent/probes/route/route_probe.h"

#include "absl/strings/str_cat.h"
#include "agent/net/address.h"
#include "agent/probes/dial.h"
#include "agent/probes/route/route_facts.h"
#include "contract/limits.h"

namespace parallax::probes {

absl::Status ValidateRoute(const v1::ProbeSpec& spec) {
  const v1::RouteProbe& route = spec.route();
  if (route.host().empty() && route.address().empty()) {
    return absl::InvalidArgumentError("route: neither a host nor an address");
  }
  if (!route.address().empty() && !net::IsNumericAddress(route.address())) {
    return absl::InvalidArgumentError(
        absl::StrCat("route.address: '", contract::Printable(route.address(), 80), "' is not a numeric address"));
  }
  return absl::OkStatus();
}

absl::Status RunRoute(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder) {
  v1::Endpoint endpoint;
  endpoint.set_host(spec.route().host());
  endpoint.set_address(spec.route().address());
  // A route has no port, the entries of --connect-to have one: the first for this host is where this side dials.
  for (const v1::ConnectTo& entry : context.connect_to) {
    if (entry.host() != endpoint.host() && entry.host() != endpoint.address()) continue;
    endpoint.set_port(entry.port());
    break;
  }
  const Destination to = Locate(endpoint, context, recorder);
  if (to.failure != v1::NONE) return absl::OkStatus();

  v1::Step* step = recorder.Begin(v1::ROUTE_LOOKUP);
  absl::StatusOr<RouteFacts> facts = ReadRouteFacts(to.address, context.StepDeadline());
  if (!facts.ok()) {
    recorder.End(step, v1::LOCAL_RESOURCE, std::string(facts.status().message()));
    return facts.status();
  }
  *step->mutable_route() = std::move(facts->details);
  step->set_os_error(facts->os_error);
  recorder.End(step, facts->failure, facts->text);
  return absl::OkStatus();
}

}  // namespace parallax::probes
