#include "agent/probes/dns/dns_probe.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/host/host_files.h"
#include "agent/net/address.h"
#include "agent/net/dns_query.h"
#include "agent/net/resolve.h"
#include "contract/limits.h"

namespace parallax::probes {
namespace {

constexpr int kMaxResolvers = 8;        // named in the plan
constexpr size_t kMaxOwnResolvers = 3;  // of resolv.conf: as many as glibc asks

struct Resolver {
  std::string address;
  uint16_t port = 53;
};

// "10.0.0.2:53", "10.0.0.2" or "[fd00::2]:53".
bool ParseResolver(const std::string& text, Resolver* resolver) {
  if (net::IsNumericAddress(text)) {
    *resolver = {text, 53};
    return true;
  }
  return net::SplitHostPort(text, &resolver->address, &resolver->port) && net::IsNumericAddress(resolver->address) &&
         resolver->port != 0;
}

std::vector<Resolver> Resolvers(const v1::DnsProbe& probe) {
  std::vector<Resolver> resolvers;
  if (probe.system_only()) return resolvers;
  for (const std::string& text : probe.resolvers()) {
    Resolver resolver;
    if (ParseResolver(text, &resolver)) resolvers.push_back(std::move(resolver));
  }
  if (!probe.resolvers().empty()) return resolvers;
  for (const std::string& address : host::SystemResolvers().addresses) {
    if (resolvers.size() < kMaxOwnResolvers) resolvers.push_back({address, 53});
  }
  return resolvers;
}

void Fill(const net::DnsQuestion& question, const net::DnsAnswer& answer, v1::Step* step) {
  v1::ResolveDetails* details = step->mutable_resolve();
  details->set_name(contract::Printable(question.name, contract::kMaxNameBytes));
  details->set_resolver(net::JoinHostPort(question.resolver, question.port));
  details->set_over_tcp(question.over_tcp);
  details->set_record_type(question.aaaa ? "AAAA" : "A");
  details->mutable_addresses()->Add(answer.addresses.begin(), answer.addresses.end());
  details->mutable_cname_chain()->Add(answer.cname_chain.begin(), answer.cname_chain.end());
  details->set_ttl_seconds(answer.ttl_seconds);
  details->set_error(contract::Printable(answer.error));
  step->set_bytes_in(answer.bytes_in);
}

std::string Variant(const net::DnsQuestion& question) {
  return absl::StrCat(net::JoinHostPort(question.resolver, question.port), question.over_tcp ? "/tcp " : "/udp ",
                      question.aaaa ? "AAAA" : "A");
}

}  // namespace

absl::Status ValidateDns(const v1::ProbeSpec& spec) {
  const v1::DnsProbe& probe = spec.dns();
  if (probe.name().empty() || probe.name().size() > contract::kMaxNameBytes) {
    return absl::InvalidArgumentError("dns.name: 1 to 253 characters");
  }
  if (probe.resolvers_size() > kMaxResolvers) {
    return absl::InvalidArgumentError(absl::StrCat("dns.resolvers: at most ", kMaxResolvers));
  }
  for (const std::string& text : probe.resolvers()) {
    Resolver resolver;
    if (!ParseResolver(text, &resolver)) {
      return absl::InvalidArgumentError(
          absl::StrCat("dns.resolvers: '", contract::Printable(text, 80), "' is not address:port"));
    }
  }
  return absl::OkStatus();
}

absl::Status RunDns(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder) {
  const std::string& name = spec.dns().name();
  const bool numeric = net::IsNumericAddress(name);
  std::vector<net::DnsQuestion> questions;
  std::vector<absl::Status> allowed;
  if (!numeric) {
    for (const Resolver& resolver : Resolvers(spec.dns())) {
      const absl::Status policy = context.policy.CheckAddress(resolver.address, resolver.port);
      for (const bool tcp : {false, true}) {
        for (const bool aaaa : {false, true}) {
          questions.push_back({resolver.address, resolver.port, tcp, aaaa, name});
          allowed.push_back(policy);
        }
      }
    }
  }
  v1::Step* system = recorder.Begin(v1::RESOLVE, "system");
  // All at once: a resolver that is silent must cost one step's time, not one for each of these questions.
  std::vector<net::DnsQuestion> asked;
  for (size_t i = 0; i < questions.size(); ++i) {
    if (allowed[i].ok()) asked.push_back(questions[i]);
  }
  std::vector<net::DnsAnswer> answers;
  const int64_t asked_at = recorder.Now();
  const int64_t deadline_ns = context.StepDeadline();
  const auto ask = [&] { answers = net::QueryDns(asked, context.clock, context.cancel, deadline_ns); };
  std::thread beside;
  if (!asked.empty()) {
    try {
      beside = std::thread(ask);
    } catch (const std::system_error&) {
      // No thread to be had: asked below, one after the other.
    }
  }
  const net::Resolved resolved = numeric ? net::Resolved{v1::NONE, {name}, ""}
                                         : net::ResolveName(name, context.clock, context.cancel, deadline_ns);
  v1::ResolveDetails* details = system->mutable_resolve();
  details->set_name(contract::Printable(name, contract::kMaxNameBytes));
  details->set_resolver("system");
  details->set_ttl_seconds(-1);
  details->mutable_addresses()->Add(resolved.addresses.begin(), resolved.addresses.end());
  details->set_error(contract::Printable(resolved.error));
  recorder.End(system, resolved.failure, resolved.error);
  if (beside.joinable()) {
    beside.join();
  } else {
    ask();
  }

  size_t next = 0;
  for (size_t i = 0; i < questions.size(); ++i) {
    v1::Step* step = recorder.Begin(v1::RESOLVER_QUERY, Variant(questions[i]));
    if (!allowed[i].ok()) {
      Fill(questions[i], {}, step);
      recorder.End(step, v1::DENIED_BY_POLICY, std::string(allowed[i].message()));
      continue;
    }
    const net::DnsAnswer& answer = answers[next++];
    Fill(questions[i], answer, step);
    recorder.End(step, answer.failure, answer.error);
    step->set_start_ns(asked_at);
    step->set_duration_ns(answer.elapsed_ns);
  }
  if (!resolved.addresses.empty()) recorder.observation()->set_address(resolved.addresses.front());
  recorder.observation()->set_outcome(resolved.failure);
  return absl::OkStatus();
}

}  // namespace parallax::probes
