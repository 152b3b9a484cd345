#include "controller/plan/planner.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "contract/names.h"
#include "controller/diagnose/wanted.h"
#include "controller/plan/addresses.h"
#include "controller/plan/controls.h"

namespace parallax::plan {
namespace {

constexpr int64_t kStaggerMs = 300;           // two clients at the same instant can fake a divergence
constexpr int64_t kSpacingMs = 25;            // see Plan.spacing_ms
constexpr int64_t kNegativeTimeoutMs = 2000;  // silence is what a negative control is expected to give
constexpr int64_t kMaxStaggerMs = 60'000;     // what an agent accepts
constexpr int64_t kAloneMs = 2000;            // what a pool takes to open and close beside its hold
constexpr uint32_t kTcpListenMs = 500;
constexpr uint32_t kUnaskedMs = 1500;
constexpr uint32_t kInvestigationAttempts = 1;  // the cheapest that adds anything

// Collects probes, each name once: a second target on the same endpoint gets " #2".
class Builder {
 public:
  Builder(std::string phase, uint32_t attempts, int64_t stagger_ms) {
    plan_.set_version(contract::kPlanVersion);
    plan_.set_phase(std::move(phase));
    plan_.set_attempts(attempts);
    plan_.set_stagger_ms(stagger_ms);
    plan_.set_spacing_ms(kSpacingMs);
  }

  v1::ProbeSpec* Add(const std::string& name, v1::Role role, const v1::Target& target, int64_t step_timeout_ms,
                     int64_t steps) {
    std::string unique = name;
    for (int n = 2; !names_.insert(unique).second; ++n) unique = absl::StrCat(name, " #", n);
    v1::ProbeSpec* spec = plan_.add_probes();
    spec->set_name(unique);
    spec->set_role(role);
    spec->set_target(target.url());
    spec->set_step_timeout_ms(step_timeout_ms);
    spec->set_timeout_ms(std::min(step_timeout_ms * steps, contract::kMaxProbeTimeoutMs));
    return spec;
  }

  // Every probe at once, and the sides far enough apart to be alone with the server for `alone_ms`.
  void AllAtOnce(int64_t alone_ms) {
    plan_.set_parallelism(std::min(static_cast<uint32_t>(plan_.probes_size()), contract::kMaxParallelism));
    plan_.set_stagger_ms(std::min(plan_.probes_size() * kSpacingMs + alone_ms, kMaxStaggerMs));
  }

  v1::Plan Take() { return std::move(plan_); }

 private:
  v1::Plan plan_;
  std::set<std::string> names_;
};

std::string HostPort(const std::string& host, uint32_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", host, v6 ? "]" : "", ":", port);
}

// What a probe is called by: the address, or the name where no address is known.
const std::string& At(const v1::Target& target, const std::string& address) {
  return address.empty() ? target.host() : address;
}

std::string Place(const v1::Target& target, const std::string& address) {
  return HostPort(At(target, address), target.port());
}

void SetEndpoint(const v1::Target& target, const std::string& address, v1::Endpoint* endpoint) {
  endpoint->set_host(target.host());
  endpoint->set_port(target.port());
  endpoint->set_address(address);
}

void AddControl(const Control& control, const v1::Target& target, int64_t step_timeout_ms, Builder* builder) {
  const bool negative = control.role == v1::NEGATIVE_CONTROL;
  const int64_t timeout_ms = negative ? std::min(step_timeout_ms, kNegativeTimeoutMs) : step_timeout_ms;
  const std::string name =
      absl::StrCat(negative ? "must-not-connect " : "must-answer ", HostPort(control.host, control.port));
  v1::ProbeSpec* spec = builder->Add(name, control.role, target, timeout_ms, negative ? 1 : 2);
  *spec->mutable_tcp() = QuestionFor(control, timeout_ms);
  if (negative) {
    // Only the connect is asked; what answers to it is another question.
    spec->mutable_tcp()->clear_send();
    spec->mutable_tcp()->clear_listen_ms();
  }
}

v1::PostgresProbe PostgresOf(const Options& options, size_t index, const std::string& address) {
  const v1::Target& target = options.targets[index];
  v1::PostgresProbe probe;
  SetEndpoint(target, address, probe.mutable_endpoint());
  probe.set_user(target.user());
  probe.set_database(target.database());
  probe.set_ssl_mode(contract::SslModeFromName(target.ssl_mode()).value_or(v1::PREFER));
  probe.set_ssl_root_cert(target.ssl_root_cert().empty() ? options.ssl_root_cert : target.ssl_root_cert());
  if (target.has_parameters()) *probe.mutable_parameters() = target.parameters();
  if (index < options.password_refs.size()) probe.mutable_password()->set_ref(options.password_refs[index]);
  return probe;
}

v1::HttpProbe HttpOf(const Options& options, size_t index, const std::string& address) {
  const v1::Target& target = options.targets[index];
  v1::HttpProbe probe;
  SetEndpoint(target, address, probe.mutable_endpoint());
  probe.set_tls(target.scheme() == "https");
  probe.set_verify(probe.tls());
  probe.set_path(target.path());
  probe.set_ssl_root_cert(options.ssl_root_cert);
  *probe.mutable_expect() = target.expect();
  probe.set_follow_redirects(target.follow_redirects());
  if (index < options.password_refs.size()) probe.mutable_bearer()->set_ref(options.password_refs[index]);
  return probe;
}

// The target by what the user's application speaks.
void AddClient(const Options& options, size_t index, const std::string& address, Builder* builder) {
  const v1::Target& target = options.targets[index];
  const v1::PostgresProbe staged = PostgresOf(options, index, address);
  const std::string name = absl::StrCat("sql ", Place(target, address));
  v1::ProbeSpec* spec = builder->Add(name, v1::CLIENT, target, options.step_timeout_ms, 5);
  v1::SqlProbe* probe = spec->mutable_sql();
  *probe->mutable_endpoint() = staged.endpoint();
  probe->set_user(staged.user());
  probe->set_database(staged.database());
  probe->set_ssl_mode(staged.ssl_mode());
  *probe->mutable_password() = staged.password();
  probe->set_ssl_root_cert(staged.ssl_root_cert());
  if (staged.has_parameters()) *probe->mutable_parameters() = staged.parameters();
  probe->set_ddl(options.client->ddl);
  probe->set_download_bytes(options.client->download_bytes);
  probe->set_upload_bytes(options.client->upload_bytes);
}

void AddTarget(const Options& options, size_t index, const std::string& address, Builder* builder) {
  const v1::Target& target = options.targets[index];
  const std::string name = absl::StrCat(target.scheme(), " ", Place(target, address));
  v1::ProbeSpec* spec = builder->Add(name, v1::TARGET, target, options.step_timeout_ms, 3);
  spec->set_timeout_ms(std::min(spec->timeout_ms() + options.hold_ms, contract::kMaxProbeTimeoutMs));
  if (target.scheme() == "postgres") {
    *spec->mutable_postgres() = PostgresOf(options, index, address);
    spec->mutable_postgres()->set_hold_ms(static_cast<uint32_t>(options.hold_ms));
  } else if (target.scheme() == "http" || target.scheme() == "https") {
    *spec->mutable_http() = HttpOf(options, index, address);
  } else if (target.scheme() == "tls") {
    SetEndpoint(target, address, spec->mutable_tls()->mutable_endpoint());
    spec->mutable_tls()->set_sni(target.host());
  } else {
    SetEndpoint(target, address, spec->mutable_tcp()->mutable_endpoint());
    spec->mutable_tcp()->set_listen_ms(kTcpListenMs);
  }
}

v1::ProbeSpec* AddTunnel(const Options& options, const v1::Target& target, const std::string& address,
                         const std::string& name, const v1::Run& run, Builder* builder) {
  v1::ProbeSpec* spec = builder->Add(name, v1::TUNNEL, target, options.step_timeout_ms, 3);
  v1::TunnelProbe* probe = spec->mutable_tunnel();
  SetEndpoint(target, address, probe->mutable_destination());
  std::vector<Control> spoken = PositiveControls(options, target, run);
  for (const Control& control : NegativeControls(target, address, run)) spoken.push_back(control);
  for (const Control& control : spoken) {
    if (control.address.empty()) continue;
    v1::Endpoint* endpoint = probe->add_socks_destinations();
    endpoint->set_host(control.address);
    endpoint->set_address(control.address);
    endpoint->set_port(control.port);
    probe->add_socks_negative(control.role == v1::NEGATIVE_CONTROL);
  }
  return spec;
}

// One probe of the investigation; false when `wanted` is no word that we know or does not fit the target.
bool AddWanted(const Options& options, const v1::Run& run, size_t index, const std::string& address,
               std::string_view wanted, Builder* builder) {
  const v1::Target& target = options.targets[index];
  const std::string name = absl::StrCat(std::string(wanted), " ", Place(target, address));
  const auto add = [&](int64_t steps, std::string_view why) {
    v1::ProbeSpec* spec = builder->Add(name, v1::INVESTIGATION, target, options.step_timeout_ms, steps);
    spec->set_why(std::string(why));
    return spec;
  };
  if (wanted == diagnose::kListenThenHttp) {
    v1::TcpProbe* tcp = add(3, diagnose::WhyWanted(wanted))->mutable_tcp();
    SetEndpoint(target, address, tcp->mutable_endpoint());
    tcp->set_listen_ms(kUnaskedMs);
    tcp->set_send_http_line(true);
    return true;
  }
  if (wanted == diagnose::kTunnelAgain) {
    AddTunnel(options, target, address, name, run, builder)->set_why(std::string(diagnose::WhyWanted(wanted)));
    return true;
  }
  if (target.scheme() != "postgres") return false;
  v1::PostgresProbe probe = PostgresOf(options, index, address);
  probe.clear_password();  // an investigation never sends credentials
  if (wanted == diagnose::kMessageSize) {
    probe.set_message_size_check(true);
  } else if (wanted == diagnose::kPaddedClientHello) {
    probe.set_padded_client_hello(true);
  } else if (wanted == diagnose::kSslModeMatrix) {
    probe.set_ssl_mode_matrix(true);
  } else {
    return false;
  }
  *add(wanted == diagnose::kSslModeMatrix ? 6 : 4, diagnose::WhyWanted(wanted))->mutable_postgres() = std::move(probe);
  return true;
}

std::set<std::string> AskedAlready(const v1::Run& run) {
  std::set<std::string> names;
  for (const v1::Phase& phase : run.phases()) {
    v1::Plan plan;
    if (!plan.ParseFromString(phase.plan_bytes())) continue;
    for (const v1::ProbeSpec& spec : plan.probes()) names.insert(spec.name());
  }
  return names;
}

}  // namespace

v1::Plan PlanNames(const Options& options) {
  Builder builder("names", 1, 0);
  std::set<std::string> asked;
  for (const v1::Target& target : options.targets) {
    if (IsNumeric(target.host()) || !target.address().empty() || !asked.insert(target.host()).second) continue;
    v1::ProbeSpec* spec =
        builder.Add(absl::StrCat("dns ", target.host()), v1::NAME, target, options.step_timeout_ms, 2);
    spec->mutable_dns()->set_name(target.host());
  }
  return builder.Take();
}

v1::Plan PlanLocate(const Options& options, const v1::Run& run) {
  Builder builder("locate", 1, 0);
  std::set<std::string> asked;
  const bool elsewhere = std::any_of(run.sides().begin(), run.sides().end(),
                                     [](const v1::Side& side) { return side.connect_to_size() > 0; });
  for (const v1::Target& target : options.targets) {
    if (target.scheme() == "dns" || !options.locate) continue;
    const std::vector<Control> positives = PositiveControls(options, target, run);
    const std::vector<std::string> addresses = AddressesOf(target, run);
    if (addresses.empty()) continue;
    for (const std::string& address : addresses) {
      // Where a side dials elsewhere it does so by the name, and one address may be two ways.
      const std::string key = absl::StrCat(elsewhere ? target.host() + " " : "", Place(target, address));
      if (!asked.insert(key).second) continue;
      v1::ProbeSpec* route =
          builder.Add(absl::StrCat("route ", At(target, address)), v1::ROUTE, target, options.step_timeout_ms, 1);
      route->mutable_route()->set_host(target.host());
      route->mutable_route()->set_address(address);

      AddTunnel(options, target, address, absl::StrCat("tunnel ", At(target, address)), run, &builder);
    }
    // A positive control says something about the tunnel only if it takes the same way.
    for (const Control& control : positives) {
      if (!asked.insert(absl::StrCat("route ", control.host)).second) continue;
      v1::ProbeSpec* route =
          builder.Add(absl::StrCat("route ", control.host), v1::ROUTE, target, options.step_timeout_ms, 1);
      route->mutable_route()->set_host(control.host);
      route->mutable_route()->set_address(control.address);
    }
  }
  return builder.Take();
}

v1::Plan PlanProbe(const Options& options, const v1::Run& run) {
  Builder builder("probe", options.repeats, kStaggerMs);
  for (size_t i = 0; i < options.targets.size(); ++i) {
    const v1::Target& target = options.targets[i];
    if (target.scheme() == "dns") continue;
    const std::vector<std::string> addresses = AddressesOf(target, run);
    for (const std::string& address : addresses) {
      for (uint32_t n = 0; n < options.parallel; ++n) AddTarget(options, i, address, &builder);
      if (options.client.has_value() && target.scheme() == "postgres") AddClient(options, i, address, &builder);
    }
    if (!options.try_controls) continue;
    for (const std::string& address : addresses) {
      for (const Control& control : NegativeControls(target, address, run)) {
        AddControl(control, target, options.step_timeout_ms, &builder);
      }
    }
    if (addresses.empty()) continue;
    for (const Control& control : PositiveControls(options, target, run)) {
      AddControl(control, target, options.step_timeout_ms, &builder);
    }
  }
  if (options.parallel > 1 || options.hold_ms > 0) builder.AllAtOnce(options.hold_ms + kAloneMs);
  return builder.Take();
}

std::optional<v1::Plan> PlanInvestigation(const Options& options, const v1::Run& run,
                                          const std::vector<v1::TargetReport>& reports) {
  const std::set<std::string> asked = AskedAlready(run);
  Builder builder("investigate", std::min(options.repeats, kInvestigationAttempts), kStaggerMs);
  for (size_t i = 0; i < options.targets.size() && i < reports.size(); ++i) {
    for (const std::string& wanted : reports[i].diagnosis().wanted_probes()) {
      for (const std::string& address : AddressesOf(options.targets[i], run)) {
        const std::string name = absl::StrCat(wanted, " ", Place(options.targets[i], address));
        if (!asked.contains(name)) AddWanted(options, run, i, address, wanted, &builder);
      }
    }
  }
  v1::Plan plan = builder.Take();
  if (plan.probes().empty()) return std::nullopt;
  return plan;
}

}  // namespace parallax::plan
