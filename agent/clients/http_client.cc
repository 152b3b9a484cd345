#include "agent/clients/http_client.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/clients/expectations.h"
#include "agent/clients/http_fetch.h"
#include "agent/clients/http_url.h"
#include "agent/clients/shown_url.h"
#include "agent/net/connection.h"
#include "agent/probes/dial.h"
#include "agent/probes/secret_target.h"
#include "contract/limits.h"

namespace parallax::clients {
namespace {

constexpr uint32_t kDefaultRedirects = 5;
constexpr uint64_t kDefaultBodyBytes = 1024 * 1024;

std::string UrlOf(const v1::HttpProbe& spec, const std::string& host) {
  const uint32_t usual = spec.tls() ? 443 : 80;
  const bool v6 = host.find(':') != std::string::npos;
  return absl::StrCat(spec.tls() ? "https" : "http", "://", v6 ? "[" : "", host, v6 ? "]" : "",
                      spec.endpoint().port() == usual ? "" : absl::StrCat(":", spec.endpoint().port()),
                      spec.path().empty() ? "/" : spec.path());
}

FetchRequest FirstRequest(const v1::HttpProbe& spec) {
  FetchRequest request;
  request.tls = spec.tls();
  request.host = spec.endpoint().host().empty() ? spec.endpoint().address() : spec.endpoint().host();
  request.port = static_cast<uint16_t>(spec.endpoint().port());
  request.url = UrlOf(spec, request.host);
  if (!spec.method().empty()) request.method = spec.method();
  request.verify = spec.verify();
  request.root_cert = spec.ssl_root_cert();
  request.max_body_bytes = spec.max_body_bytes() > 0 ? spec.max_body_bytes() : kDefaultBodyBytes;
  return request;
}

// The request that a redirect asks for; nullopt, with the reason, when it is not to be followed.
std::optional<FetchRequest> Follow(const FetchRequest& before, const FetchResult& answer, const Reporter& reporter,
                                   std::string* why_not) {
  FetchRequest next = before;
  next.url = answer.redirect_url;
  next.came_from = before.url;
  if (next.url.size() > contract::kMaxUrlBytes || !SplitUrl(&next.url, &next.tls, &next.host, &next.port)) {
    *why_not = absl::StrCat("it redirects to what is no http or https URL: ", reporter.Shown(ShownUrl(next.url), 256));
    return std::nullopt;
  }
  next.elsewhere |= next.host != before.host || next.port != before.port || next.tls != before.tls;
  // RFC 9110 section 15.4: all but 307 and 308 become a GET.
  if (answer.status != 307 && answer.status != 308 && next.method != "HEAD") next.method = "GET";
  return next;
}

// Where `request` is dialled; the RESOLVE step, if there is one, belongs to its hop.
bool LocateHop(FetchRequest* request, const probes::Context& context, Reporter& reporter) {
  v1::Observation* observation = reporter.observation();
  const std::string address = observation->address();
  const bool via = observation->via_connect_to();
  v1::Endpoint endpoint;
  endpoint.set_host(request->host);
  endpoint.set_port(request->port);
  const int before = observation->steps_size();
  request->to = probes::Locate(endpoint, context, reporter.recorder());
  if (observation->steps_size() > before) observation->mutable_steps(before)->set_variant(request->variant);
  observation->set_address(address);  // the observation's own is that of the first hop
  observation->set_via_connect_to(via);
  reporter.Tell();
  return request->to.failure == v1::NONE;
}

}  // namespace

void RunHttp(const v1::HttpProbe& spec, const probes::Context& context, Reporter& reporter) {
  FetchRequest request = FirstRequest(spec);
  policy::Secret own;  // where the bearer token may go
  if (!spec.bearer().ref().empty()) {
    auto secret = context.secrets.Resolve(spec.bearer().ref(), context.Patience());
    if (!secret.ok() || secret->value.find_first_of("\r\n") != std::string::npos) {
      reporter.observation()->set_outcome(v1::LOCAL_RESOURCE);
      reporter.observation()->set_error(secret.ok() ? "the bearer token has a line break in it"
                                                    : std::string(secret.status().message()));
      return;
    }
    request.bearer = std::move(secret->value);
    own.only_to = std::move(secret->only_to);
    request.bearer_origin = std::move(secret->origin);
    reporter.KeepSecret(request.bearer);
  }
  request.to = probes::Locate(spec.endpoint(), context, reporter.recorder());
  reporter.Tell();
  if (request.to.failure != v1::NONE) return;
  if (const absl::Status may_go = probes::CheckMayGo(own, request.to, context); !may_go.ok()) {
    reporter.observation()->set_outcome(v1::DENIED_BY_POLICY);
    reporter.observation()->set_error(std::string(may_go.message()));
    return;
  }

  FetchResult answer = Fetch(request, context, reporter);
  const uint32_t most = spec.max_redirects() > 0 ? spec.max_redirects() : kDefaultRedirects;
  for (uint32_t hop = 2; spec.follow_redirects() && answer.whole && !answer.redirect_url.empty(); ++hop) {
    std::string why_not;
    auto next = Follow(request, answer, reporter, &why_not);
    if (hop > most + 1) why_not = absl::StrCat("more than ", most, " redirects");
    request.variant = absl::StrCat("hop ", hop);
    if (!why_not.empty()) {
      reporter.End(reporter.Begin(v1::REQUEST, request.variant), v1::PROTOCOL_VIOLATION, why_not);
      return;
    }
    next->variant = request.variant;
    request = *std::move(next);
    if (!LocateHop(&request, context, reporter)) return;
    // The same name may lead elsewhere by now.
    if (!probes::CheckMayGo(own, request.to, context).ok()) request.elsewhere = true;
    answer = Fetch(request, context, reporter);
  }
  if (answer.whole) CheckExpectations(spec, answer, reporter);
}

}  // namespace parallax::clients
