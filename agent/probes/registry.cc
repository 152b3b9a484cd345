#include "agent/probes/registry.h"

#include "agent/probes/dns/dns_probe.h"
#include "agent/probes/http/http_probe.h"
#include "agent/probes/postgres/postgres_probe.h"
#include "agent/probes/route/route_probe.h"
#include "agent/probes/sql/sql_probe.h"
#include "agent/probes/tcp/tcp_probe.h"
#include "agent/probes/tls/tls_probe.h"
#include "agent/probes/tunnel/tunnel_probe.h"

namespace parallax::probes {
namespace {

constexpr Probe kProbes[] = {kDnsProbe, kRouteProbe,    kTunnelProbe, kTcpProbe,
                             kTlsProbe, kPostgresProbe, kSqlProbe,    kHttpProbe};

}  // namespace

std::span<const Probe> AllProbes() { return kProbes; }

const Probe* FindProbe(v1::ProbeSpec::SpecCase kind) {
  for (const Probe& probe : kProbes) {
    if (probe.kind == kind) return &probe;
  }
  return nullptr;
}

}  // namespace parallax::probes
