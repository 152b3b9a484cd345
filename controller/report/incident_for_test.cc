#include "controller/report/incident_for_test.h"

#include <string>

#include "parallax/v1/plan.pb.h"

namespace parallax::report {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr char kUrl[] = "postgres://app@db.internal:5432/app";

v1::Hello Agent(const std::string& hostname, const std::string& address) {
  v1::Hello agent;
  agent.set_protocol(1);
  agent.set_agent_version("0.1.0");
  agent.set_agent_id("a1");
  agent.set_user("root");
  agent.add_probes("tcp");
  agent.mutable_host()->set_hostname(hostname);
  agent.mutable_host()->set_os("Linux 6.1.0 x86_64");
  agent.mutable_host()->add_resolvers("10.0.0.2");
  v1::Interface* loopback = agent.mutable_host()->add_interfaces();
  loopback->set_name("lo");
  loopback->set_link_kind(v1::LINK_KIND_LOOPBACK);
  loopback->set_up(true);
  loopback->add_addresses("127.0.0.1/8");
  v1::Interface* eth0 = agent.mutable_host()->add_interfaces();
  eth0->set_name("eth0");
  eth0->set_up(true);
  eth0->add_addresses(address + "/22");
  return agent;
}

v1::StepSummary* AddStep(v1::SideOutcome* outcome, v1::StepKind kind, v1::Failure failure, double ms) {
  v1::StepSummary* step = outcome->add_steps();
  step->set_kind(kind);
  step->set_seen(3);
  step->set_succeeded(failure == v1::NONE ? 3 : 0);
  step->set_failure(failure);
  step->set_steady(true);
  step->set_min_ns(static_cast<int64_t>(ms * kMs));
  step->set_median_ns(step->min_ns());
  step->set_max_ns(step->min_ns());
  step->mutable_sample()->set_kind(kind);
  step->mutable_sample()->set_failure(failure);
  return step;
}

v1::SideOutcome* AddOutcome(v1::Pair* pair, const std::string& side, v1::Failure failure) {
  v1::SideOutcome* outcome = pair->add_sides();
  outcome->set_side(side);
  outcome->set_present(true);
  outcome->set_attempts(3);
  outcome->set_succeeded(failure == v1::NONE ? 3 : 0);
  outcome->set_steady(true);
  outcome->set_failure(failure);
  return outcome;
}

v1::Pair* AddPair(v1::Comparison* comparison, const std::string& probe, const std::string& kind, v1::Role role) {
  v1::Pair* pair = comparison->add_pairs();
  pair->set_probe(probe);
  pair->set_kind(kind);
  pair->set_role(role);
  pair->set_target(kUrl);
  pair->set_host("db.internal");
  pair->set_judgement(v1::BOTH_FINE);
  return pair;
}

void AddNames(v1::Comparison* comparison) {
  v1::Pair* pair = AddPair(comparison, "dns db.internal", "dns", v1::NAME);
  for (const char* side : {"inside", "outside"}) {
    v1::StepSummary* step = AddStep(AddOutcome(pair, side, v1::NONE), v1::RESOLVE, v1::NONE, 3);
    step->set_variant("system");
    step->mutable_sample()->mutable_resolve()->add_addresses("10.0.4.172");
  }
}

void AddRoutes(v1::Comparison* comparison) {
  v1::Pair* pair = AddPair(comparison, "route 10.0.4.172", "route", v1::ROUTE);
  for (const char* side : {"inside", "outside"}) {
    v1::StepSummary* step = AddStep(AddOutcome(pair, side, v1::NONE), v1::ROUTE_LOOKUP, v1::NONE, 0.1);
    v1::RouteDetails* route = step->mutable_sample()->mutable_route();
    route->set_interface(std::string(side) == "inside" ? "eth0" : "sst");
    route->set_interface_up(true);
    route->set_interface_carrier(true);
  }
}

void AddControl(v1::Comparison* comparison, v1::Role role, const std::string& address, uint32_t port,
                v1::Failure inside, v1::Failure outside, v1::StepKind step) {
  v1::Pair* pair = AddPair(comparison, "control " + address + std::to_string(port), "tcp", role);
  pair->set_address(address);
  pair->set_port(port);
  constexpr uint64_t kAnswerBytes = 31;
  v1::SideOutcome* in = AddOutcome(pair, "inside", inside);
  AddStep(in, v1::CONNECT, inside, 0.3);
  v1::SideOutcome* out = AddOutcome(pair, "outside", outside);
  AddStep(out, v1::CONNECT, v1::NONE, 0.4);
  if (role == v1::NEGATIVE_CONTROL) return;
  AddStep(in, step, inside, 0.4)->set_max_bytes_in(kAnswerBytes);
  AddStep(out, step, outside, 0.4)->set_max_bytes_in(outside == v1::NONE ? kAnswerBytes : 0);
}

void AddFine(v1::SideOutcome* outcome, double rtt_ms) {
  AddStep(outcome, v1::CONNECT, v1::NONE, rtt_ms);
  AddStep(outcome, v1::SSL_REQUEST, v1::NONE, rtt_ms + 0.5)->mutable_sample()->mutable_peer_bytes()->set_head("S");
  v1::TlsDetails* tls = AddStep(outcome, v1::TLS_HANDSHAKE, v1::NONE, 2 * rtt_ms)->mutable_sample()->mutable_tls();
  tls->set_version("TLSv1.3");
  tls->add_chain()->set_sha256("419c0a8b7766554433221100ffeeddccbbaa99887766554433221100aabbccdd");
  AddStep(outcome, v1::STARTUP, v1::NONE, rtt_ms);
  v1::AuthDetails* auth = AddStep(outcome, v1::AUTHENTICATION, v1::NONE, rtt_ms)->mutable_sample()->mutable_auth();
  auth->set_used("scram-sha-256");
  auth->set_credentials_present(true);
  AddStep(outcome, v1::READY, v1::NONE, rtt_ms);
  AddStep(outcome, v1::QUERY, v1::NONE, rtt_ms)->mutable_sample()->mutable_postgres()->set_server_version("15.6");
}

v1::Comparison Base() {
  v1::Comparison comparison;
  comparison.set_run("7f3a00c0ffee");
  comparison.set_plan_digest("9c41d2ab00112233445566778899aabbccddeeff00112233445566778899aabb");
  comparison.set_digests_agree(true);
  comparison.mutable_target()->set_url(kUrl);
  v1::SideSummary* inside = comparison.add_sides();
  inside->set_name("inside");
  inside->set_vantage("exec:ssh bastion ./parallax-agent stdio");
  inside->set_present(true);
  inside->set_healthy(true);
  inside->set_rung(v1::QUERY_RUNG);
  inside->set_locality(v1::REMOTE);
  *inside->mutable_agent() = Agent("api-1", "10.0.8.50");
  inside->mutable_carrier()->set_kind(v1::DIRECT);
  v1::SideSummary* outside = comparison.add_sides();
  outside->set_name("outside");
  outside->set_vantage("local");
  outside->set_present(true);
  outside->set_locality(v1::LOCAL);
  *outside->mutable_agent() = Agent("laptop", "192.0.2.10");
  v1::CarrierDetails* carrier = outside->mutable_carrier();
  carrier->set_kind(v1::TUN);
  carrier->set_interface("sst");
  carrier->mutable_holder()->set_pid(4711);
  carrier->add_connections()->set_tcp_state(v1::TCP_STATE_SYN_SENT);
  carrier->add_socks()->set_address("127.0.0.1:1080");
  carrier->set_summary("sst (pid 4711) -> 198.51.100.24:22, SYN-SENT for 41 s");
  v1::Step* socks = outside->add_socks();
  socks->mutable_socks()->set_listener("127.0.0.1:1080");
  AddNames(&comparison);
  AddRoutes(&comparison);
  return comparison;
}

void AddControls(v1::Comparison* comparison, bool broken) {
  const v1::Failure closed = broken ? v1::CLOSED_BEFORE_FIRST_BYTE : v1::NONE;
  AddControl(comparison, v1::NEGATIVE_CONTROL, "10.0.4.172", 6, v1::REFUSED, v1::NONE, v1::CONNECT);
  AddControl(comparison, v1::NEGATIVE_CONTROL, "10.0.7.254", 5432, v1::TIMED_OUT, v1::NONE, v1::CONNECT);
  AddControl(comparison, v1::POSITIVE_CONTROL, "10.0.0.2", 53, v1::NONE, closed, v1::EXCHANGE);
}

v1::Finding Verdict() {
  v1::Finding finding;
  finding.set_cause("tunnel.bastion_unreachable");
  finding.set_title("the tunnel's bastion does not answer");
  finding.set_severity(v1::FAULT);
  finding.set_confidence(0.98);
  finding.set_summary(
      "The tunnel runs, but its bastion 198.51.100.24 does not answer. Nothing leaves this laptop. TLS, SCRAM, MTU and "
      "the database are not involved.");
  finding.add_remedy("aws ec2 describe-instances --filters Name=ip-address,Values=198.51.100.24");
  finding.add_remedy("no instance? the address is stale: redeploy, then restart the tunnel");
  const auto evidence = [&](const char* text, const char* side, v1::StepKind step, bool against) {
    v1::Evidence* item = finding.add_evidence();
    item->set_text(text);
    item->set_side(side);
    item->set_probe("tunnel 10.0.4.172");
    item->set_step(step);
    item->set_against(against);
  };
  evidence("a fresh connection to 198.51.100.24:22 got no answer in 5.0 s", "outside", v1::BANNER, false);
  evidence("the tunnel accepted 3 of 3 addresses, one of which cannot exist", "outside", v1::CONNECT, false);
  evidence("the inside side reached the same server and ran a query", "inside", v1::QUERY, false);
  evidence("the tunnel's process is alive", "outside", v1::CARRIER_FOUND, true);
  finding.add_alternatives("tunnel.carrier_dead");
  finding.add_next_evidence("the console's page of the bastion's instance: is that address still its own?");
  return finding;
}

}  // namespace

v1::Run IncidentRun() {
  v1::Run run;
  run.set_id("7f3a00c0ffee");
  run.set_version(1);
  run.set_controller_version("0.1.0");
  run.set_started_unix_ns(1'700'000'000'123'000'000);
  run.set_duration_ns(9'100 * kMs);
  run.add_targets()->set_url(kUrl);
  for (const char* name : {"inside", "outside"}) {
    v1::Side* side = run.add_sides();
    side->set_name(name);
    side->set_vantage(std::string(name) == "outside" ? "local" : "exec:ssh bastion ./parallax-agent stdio");
    *side->mutable_agent() = Agent(name, "10.0.8.50");
    side->add_secret_notes("env:PGPASSWORD: from the agent's environment");
    v1::ConnectTo* map = side->add_connect_to();
    map->set_host("db.internal");
    map->set_port(5432);
    map->set_to_host("127.0.0.1");
    map->set_to_port(15432);
  }
  v1::Plan plan;
  plan.set_version(1);
  plan.set_phase("investigate");
  plan.add_probes()->set_name("tunnel 10.0.4.172");
  v1::Phase* phase = run.add_phases();
  phase->set_plan_bytes(plan.SerializeAsString());
  phase->set_digest("9c41");
  phase->set_why("fresh connections to the bastion, to tell a dead carrier from an unreachable bastion");
  phase->add_sides()->set_side("inside");
  return run;
}

v1::Report IncidentReport() {
  v1::Report report;
  report.set_run("7f3a00c0ffee");
  report.set_status(v1::DIVERGED);
  v1::TargetReport* target = report.add_targets();
  *target->mutable_comparison() = Base();
  v1::Comparison* comparison = target->mutable_comparison();
  comparison->set_status(v1::DIVERGED);
  v1::SideSummary* outside = comparison->mutable_sides(1);
  outside->set_rung(v1::SYN_ACK);
  outside->mutable_banner()->set_kind(v1::BANNER);
  outside->mutable_banner()->set_seen(1);
  outside->mutable_banner()->set_failure(v1::TIMED_OUT);
  outside->mutable_banner()->set_median_ns(5000 * kMs);
  outside->mutable_banner()->set_steady(true);
  outside->mutable_banner()->mutable_sample()->mutable_banner()->set_address("198.51.100.24:22");
  outside->mutable_route()->set_interface("sst");
  AddControls(comparison, true);
  v1::Pair* pair = AddPair(comparison, "postgres 10.0.4.172:5432", "postgres", v1::TARGET);
  pair->set_address("10.0.4.172");
  pair->set_port(5432);
  pair->set_judgement(v1::ONLY_OUTSIDE_FAILED);
  AddFine(AddOutcome(pair, "inside", v1::NONE), 0.4);
  v1::SideOutcome* failed = AddOutcome(pair, "outside", v1::CLOSED_BEFORE_FIRST_BYTE);
  failed->set_failed_step(v1::SSL_REQUEST);
  AddStep(failed, v1::CONNECT, v1::NONE, 0.5);
  AddStep(failed, v1::SSL_REQUEST, v1::CLOSED_BEFORE_FIRST_BYTE, 0.4)->mutable_sample()->mutable_server_error();
  v1::Difference* difference = comparison->mutable_first_difference();
  difference->set_step(v1::SSL_REQUEST);
  difference->set_inside("S in 0.9 ms");
  difference->set_outside("closed in 0.4 ms, 0 bytes");
  comparison->set_first_difference_probe(pair->probe());
  *pair->mutable_first_difference() = *difference;
  v1::Diagnosis* diagnosis = target->mutable_diagnosis();
  diagnosis->set_status(v1::DIVERGED);
  *diagnosis->mutable_verdict() = Verdict();
  *diagnosis->add_findings() = Verdict();
  v1::Finding* note = diagnosis->add_findings();
  note->set_cause("tunnel.local_accept");
  note->set_severity(v1::NOTE);
  note->set_summary("connects are answered on this laptop: connect, ping and traceroute prove nothing");
  v1::Finding* consequence = diagnosis->add_findings();
  consequence->set_cause("vpc.refused_beyond_bastion");
  consequence->set_severity(v1::FAULT);
  consequence->set_explained_by("tunnel.bastion_unreachable");
  return report;
}

v1::Report HealthyReport() {
  v1::Report report;
  report.set_run("7f3a00c0ffee");
  report.set_status(v1::HEALTHY);
  v1::TargetReport* target = report.add_targets();
  *target->mutable_comparison() = Base();
  v1::Comparison* comparison = target->mutable_comparison();
  comparison->set_status(v1::HEALTHY);
  comparison->mutable_sides(1)->set_rung(v1::QUERY_RUNG);
  comparison->mutable_sides(1)->set_healthy(true);
  comparison->mutable_sides(1)->mutable_carrier()->set_summary("sst (pid 4711) -> 198.51.100.24:22, established");
  AddControls(comparison, false);
  v1::Pair* pair = AddPair(comparison, "postgres 10.0.4.172:5432", "postgres", v1::TARGET);
  pair->set_address("10.0.4.172");
  pair->set_port(5432);
  AddFine(AddOutcome(pair, "inside", v1::NONE), 0.4);
  AddFine(AddOutcome(pair, "outside", v1::NONE), 41);
  target->mutable_diagnosis()->set_status(v1::HEALTHY);
  return report;
}

}  // namespace parallax::report
