#include "controller/plan/health.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"
#include "controller/plan/target_url.h"

namespace parallax::plan {
namespace {

constexpr int64_t kSteps = 5;  // resolve, connect, tls, request, body

}  // namespace

absl::StatusOr<v1::Target> ParseHealthUrl(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t authority = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view host = url.substr(authority, url.find_first_of("/?#", authority) - authority);
  if (host.find('@') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "a health endpoint is asked without credentials; name one that needs none, or use an agent: --inside ssh:HOST");
  }
  auto parsed = ParseTarget(url);
  if (!parsed.ok()) return parsed.status();
  if (parsed->target.scheme() != "http" && parsed->target.scheme() != "https") {
    return absl::InvalidArgumentError("a health endpoint is an http:// or https:// URL");
  }
  return std::move(parsed->target);
}

v1::Plan PlanHealth(const Options& options, const v1::Target& endpoint) {
  v1::Plan plan;
  plan.set_version(contract::kPlanVersion);
  plan.set_phase("health");
  plan.set_attempts(options.repeats);
  v1::ProbeSpec* spec = plan.add_probes();
  spec->set_name(absl::StrCat("health ", endpoint.host(), ":", endpoint.port()));
  spec->set_role(v1::HEALTH);
  spec->set_target(endpoint.url());
  spec->set_step_timeout_ms(options.step_timeout_ms);
  spec->set_timeout_ms(std::min(options.step_timeout_ms * kSteps, contract::kMaxProbeTimeoutMs));
  v1::HttpProbe* probe = spec->mutable_http();
  probe->mutable_endpoint()->set_host(endpoint.host());
  probe->mutable_endpoint()->set_port(endpoint.port());
  probe->set_tls(endpoint.scheme() == "https");
  probe->set_verify(probe->tls());
  probe->set_ssl_root_cert(options.ssl_root_cert);
  probe->set_path(endpoint.path());
  *probe->mutable_expect() = endpoint.expect();
  probe->set_follow_redirects(endpoint.follow_redirects());
  return plan;
}

}  // namespace parallax::plan
