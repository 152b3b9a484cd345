#include "controller/compare/compare.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "contract/digest.h"
#include "contract/names.h"
#include "controller/compare/difference.h"
#include "controller/compare/health.h"
#include "controller/compare/ladder.h"
#include "controller/compare/locality.h"
#include "controller/compare/notes.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/pairs.h"
#include "controller/compare/roles.h"
#include "controller/compare/status.h"
#include "controller/compare/words.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::compare {
namespace {

v1::Endpoint EndpointOf(const v1::ProbeSpec& spec) {
  v1::Endpoint endpoint;
  switch (spec.spec_case()) {
    case v1::ProbeSpec::kDns: endpoint.set_host(spec.dns().name()); break;
    case v1::ProbeSpec::kRoute:
      endpoint.set_host(spec.route().host());
      endpoint.set_address(spec.route().address());
      break;
    case v1::ProbeSpec::kTunnel: return spec.tunnel().destination();
    case v1::ProbeSpec::kTcp: return spec.tcp().endpoint();
    case v1::ProbeSpec::kTls: return spec.tls().endpoint();
    case v1::ProbeSpec::kPostgres: return spec.postgres().endpoint();
    case v1::ProbeSpec::kHttp: return spec.http().endpoint();
    case v1::ProbeSpec::kSql: return spec.sql().endpoint();
    default: break;
  }
  return endpoint;
}

// The host of "198.51.100.24:22" is one of this host's own addresses.
bool HasAddress(const v1::HostFacts& host, const std::string& endpoint) {
  const std::string wanted = endpoint.substr(0, endpoint.rfind(':')) + "/";
  return std::any_of(host.interfaces().begin(), host.interfaces().end(), [&](const v1::Interface& interface) {
    return std::any_of(interface.addresses().begin(), interface.addresses().end(),
                       [&](const std::string& address) { return address.rfind(wanted, 0) == 0; });
  });
}

// A --connect-to is of one host and port; a route has no port (0), and goes by the host alone.
bool DialsElsewhere(const v1::Run& run, const std::string& host, const std::string& address, uint32_t port) {
  return std::any_of(run.sides().begin(), run.sides().end(), [&](const v1::Side& side) {
    return std::any_of(side.connect_to().begin(), side.connect_to().end(), [&](const v1::ConnectTo& map) {
      const bool same_host = map.host() == host || (!address.empty() && map.host() == address);
      return same_host && (port == 0 || map.port() == port);
    });
  });
}

// It was looked for, and could not be told: no carrier at all would read as "there is none".
void NotSeen(const std::string& why, v1::CarrierDetails* carrier) {
  if (carrier->kind() == v1::CARRIER_KIND_UNSPECIFIED) carrier->set_kind(v1::CARRIER_UNKNOWN);
  if (carrier->summary().empty()) carrier->set_summary(why);
}

class Maker {
 public:
  Maker(const v1::Run& run, const v1::Target& target) : run_(run) {
    comparison_.set_run(run.id());
    *comparison_.mutable_target() = target;
    addresses_ = Addresses();
  }

  v1::Comparison Make() {
    Digests();
    Pairs();
    for (const v1::Side& side : run_.sides()) AddSide(side);
    ClockSkew();
    SamePlace();
    Health();
    for (const Roles& roles : RolesOf(comparison_)) FirstDifferences(roles, AddView(roles));
    DecideStatus(run_, &comparison_);
    AddNotes(run_, &comparison_);
    return std::move(comparison_);
  }

 private:
  // Where the target's own probes go.
  std::set<std::string> Addresses() const;
  bool IsShared(const v1::ProbeSpec& spec, const v1::Endpoint& endpoint) const;
  void Digests();
  void Pairs();
  void AddSide(const v1::Side& side);
  void AddHealthSays(const v1::Side& side, v1::SideSummary* summary) const;
  void Unlike(v1::SideSummary* summary) const;
  void ClockSkew();
  void SamePlace();
  void Health();
  v1::ViewSummary* AddView(const Roles& roles);
  void FirstDifferences(const Roles& roles, v1::ViewSummary* view);

  std::vector<const v1::Pair*> PairsWith(v1::Role role) const { return compare::PairsWith(comparison_, role); }
  std::vector<const v1::Pair*> OwnPairs(const v1::SideSummary& side) const {
    return compare::OwnPairs(run_, comparison_, side);
  }
  const v1::Target& target() const { return comparison_.target(); }

  const v1::Run& run_;
  v1::Comparison comparison_;
  std::set<std::string> addresses_;
};

void Maker::Digests() {
  std::string all;
  bool agree = run_.phases_size() > 0;
  for (const v1::Phase& phase : run_.phases()) {
    all += phase.digest();
    for (const v1::PhaseDigest& side : phase.sides()) agree = agree && side.digest() == phase.digest();
  }
  comparison_.set_plan_digest(run_.phases_size() > 0 ? contract::Digest(all) : "");
  comparison_.set_digests_agree(agree);
}

std::set<std::string> Maker::Addresses() const {
  std::set<std::string> addresses;
  for (const v1::Phase& phase : run_.phases()) {
    v1::Plan plan;
    if (!plan.ParseFromString(phase.plan_bytes())) continue;
    for (const v1::ProbeSpec& spec : plan.probes()) {
      const std::string address = EndpointOf(spec).address();
      if (spec.role() == v1::TARGET && spec.target() == target().url() && !address.empty()) addresses.insert(address);
    }
  }
  return addresses;
}

// Names, routes and tunnels are asked once for several targets: a name by its host, a route by where it leads, and a
// tunnel, which was asked to connect there, by the port too.
bool Maker::IsShared(const v1::ProbeSpec& spec, const v1::Endpoint& endpoint) const {
  const bool same_host = endpoint.host() == target().host();
  if (spec.role() == v1::NAME) return same_host;
  if (spec.role() == v1::TUNNEL && endpoint.port() != target().port()) return false;
  const bool on_the_way = spec.role() == v1::ROUTE || spec.role() == v1::TUNNEL;
  // A --connect-to goes by the host: then one address may be two ways.
  const bool elsewhere = DialsElsewhere(run_, endpoint.host(), endpoint.address(), endpoint.port()) ||
                         DialsElsewhere(run_, target().host(), endpoint.address(), target().port());
  const bool same_address = !elsewhere && addresses_.contains(endpoint.address());
  return on_the_way && (same_host || same_address);
}

void Maker::Pairs() {
  using Key = std::pair<std::string, std::string>;  // probe, side
  std::map<Key, std::vector<const v1::Observation*>> observed;
  for (const v1::SideObservation& kept : run_.observations()) {
    observed[{kept.observation().probe(), kept.side()}].push_back(&kept.observation());
  }
  for (int phase = 0; phase < run_.phases_size(); ++phase) {
    v1::Plan plan;
    if (!plan.ParseFromString(run_.phases(phase).plan_bytes())) continue;
    for (const v1::ProbeSpec& spec : plan.probes()) {
      const v1::Endpoint endpoint = EndpointOf(spec);
      if (spec.target() != target().url() && !IsShared(spec, endpoint)) continue;
      v1::Pair* pair = comparison_.add_pairs();
      pair->set_probe(spec.name());
      pair->set_kind(contract::KindOf(spec));
      pair->set_role(spec.role());
      pair->set_target(target().url());
      pair->set_host(endpoint.host());
      pair->set_address(endpoint.address());
      pair->set_port(endpoint.port());
      pair->set_phase(static_cast<uint32_t>(phase));
      *pair->mutable_spec() = spec;
      for (const v1::Side& side : run_.sides()) {
        *pair->add_sides() = Summarize(side.name(), observed[{spec.name(), side.name()}]);
      }
      pair->set_judgement(Judge(spec.role(), FindSide(*pair, kReference), FindSide(*pair, kSubject)));
    }
  }
}

void Maker::AddSide(const v1::Side& side) {
  v1::SideSummary* summary = comparison_.add_sides();
  summary->set_name(side.name());
  summary->set_vantage(side.vantage());
  summary->set_missing(side.missing());
  if (side.has_agent()) *summary->mutable_agent() = side.agent();
  summary->set_clock_offset_ns(side.clock_offset_ns());
  summary->set_clock_uncertainty_ns(side.clock_uncertainty_ns());
  if (!side.health_url().empty()) {
    AddHealthSays(side, summary);
    return;
  }

  for (const v1::Pair& pair : comparison_.pairs()) {
    const v1::SideOutcome* outcome = FindSide(pair, side.name());
    if (outcome == nullptr || !outcome->present()) continue;
    if (pair.role() == v1::NAME) {
      const v1::StepSummary* resolve = FindStep(*outcome, v1::RESOLVE, "system");
      if (resolve != nullptr) *summary->mutable_addresses() = resolve->sample().resolve().addresses();
    }
  }
  // Present: it has an observation of the target itself, or of its name where that is as far as any side could come.
  const std::vector<const v1::Pair*> targets = PairsWith(v1::TARGET);
  const std::vector<const v1::Pair*> asked = targets.empty() ? PairsWith(v1::NAME) : targets;
  summary->set_present(std::any_of(asked.begin(), asked.end(), [&](const v1::Pair* pair) {
    const v1::SideOutcome* outcome = FindSide(*pair, side.name());
    return outcome != nullptr && outcome->present();
  }));

  // The carrier and route that matter are those of the address that this side would dial.
  const std::vector<const v1::Pair*> own = OwnPairs(*summary);
  const std::string address = !own.empty() ? own.front()->address() : targets.empty() ? "" : targets.front()->address();
  for (const v1::Pair& pair : comparison_.pairs()) {
    const v1::SideOutcome* outcome = FindSide(pair, side.name());
    if (outcome == nullptr || !outcome->present() || pair.address() != address) continue;
    if (pair.role() == v1::ROUTE) {
      if (const auto* lookup = FindStep(*outcome, v1::ROUTE_LOOKUP, ""))
        *summary->mutable_route() = lookup->sample().route();
    }
    if (pair.role() != v1::TUNNEL) continue;
    if (const auto* found = FindStep(*outcome, v1::CARRIER_FOUND, "")) {
      *summary->mutable_carrier() = found->sample().carrier();
      if (found->failure() != v1::NONE) NotSeen(found->sample().text(), summary->mutable_carrier());
    } else if (!outcome->error().empty() && !summary->has_carrier()) {
      NotSeen(outcome->error(), summary->mutable_carrier());
    }
    // Asked again later, the later answer holds: tunnels die while one looks.
    summary->clear_banner();
    summary->clear_socks();
    for (const v1::StepSummary& step : outcome->steps()) {
      if (step.kind() == v1::BANNER) *summary->mutable_banner() = step;
      if (step.kind() == v1::SOCKS_CONNECT) *summary->add_socks() = step.sample();
    }
  }
  std::vector<const v1::Pair*> tried = targets;
  for (const v1::Role role : {v1::NEGATIVE_CONTROL, v1::POSITIVE_CONTROL}) {
    const std::vector<const v1::Pair*> more = PairsWith(role);
    tried.insert(tried.end(), more.begin(), more.end());
  }
  FillControls(tried, PairsWith(v1::ROUTE), summary);
  FillLocality(tried, summary);
  Unlike(summary);
}

// All that such a side has. Its rung stays unspecified: nothing was proved by us.
void Maker::AddHealthSays(const v1::Side& side, v1::SideSummary* summary) const {
  HealthReading health = ReadHealth(run_, side);
  *summary->mutable_health() = std::move(health.says);
  summary->set_present(health.word != HealthWord::kUnreached);
  summary->set_healthy(health.word == HealthWord::kConnected);
  if (health.word == HealthWord::kUnreached && summary->missing().empty()) {
    const std::string url = side.health_url().substr(0, side.health_url().find('#'));
    summary->set_missing(absl::StrCat("the health endpoint could not be asked from here: ", health.why,
                                      "; that says nothing about the target. Try: curl -v '", url,
                                      "' (a private authority is named by --ssl-root-cert)"));
  }
  if (health.word == HealthWord::kSaysNothing) {
    summary->set_unlike(true);
    summary->set_unlike_why(absl::StrCat("the health endpoint does not say what was asked: ", health.why));
  }
}

void Maker::Unlike(v1::SideSummary* summary) const {
  const auto mark = [&](std::string why) {
    summary->set_unlike(true);
    summary->set_unlike_why(std::move(why));
  };
  for (const v1::Phase& phase : run_.phases()) {
    for (const v1::PhaseDigest& side : phase.sides()) {
      if (side.side() == summary->name() && side.digest() != phase.digest()) {
        mark("its agent ran another plan than it was sent: the digests differ");
      }
    }
  }
  if (!summary->present()) return;
  for (const v1::Pair* pair : PairsWith(v1::TARGET)) {
    const v1::SideOutcome* outcome = FindSide(*pair, summary->name());
    if (outcome == nullptr || !outcome->present()) {
      mark(absl::StrCat("it did not run ", pair->probe()));
    } else if (outcome->failure() == v1::UNSUPPORTED && !outcome->error().empty()) {
      mark(absl::StrCat("its agent does not support ", pair->probe(), ": ", outcome->error()));
    } else if (outcome->failure() == v1::DENIED_BY_POLICY) {
      const v1::StepSummary* step = EndingStep(*outcome);
      const std::string why = step == nullptr ? outcome->error() : step->sample().text();
      mark(absl::StrCat("its agent's policy refuses what ", pair->probe(), " asks", why.empty() ? "" : ": ", why));
    } else if (outcome->failure() == v1::LOCAL_RESOURCE) {
      // A file that cannot be read, a descriptor that cannot be had: nothing that the network did.
      std::string why = outcome->error();
      for (const v1::StepSummary& step : outcome->steps()) {
        if (step.failure() == v1::LOCAL_RESOURCE) why = step.sample().text();
      }
      mark(absl::StrCat("its host lacks what ", pair->probe(), " needs", why.empty() ? "" : ": ", why));
    } else if (outcome->failure() == v1::CANCELLED) {
      mark(absl::StrCat("it was interrupted in ", pair->probe()));
    } else if (!outcome->error().empty()) {
      mark(absl::StrCat("it could not ask ", pair->probe(), ": ", outcome->error()));
    }
  }
}

void Maker::ClockSkew() {
  int64_t low = 0;
  int64_t high = 0;
  bool first = true;
  for (const v1::Side& side : run_.sides()) {
    if (!side.has_agent()) continue;
    low = first ? side.clock_offset_ns() : std::min(low, side.clock_offset_ns());
    high = first ? side.clock_offset_ns() : std::max(high, side.clock_offset_ns());
    first = false;
  }
  int64_t skew = 0;
  if (__builtin_sub_overflow(high, low, &skew))
    skew = std::numeric_limits<int64_t>::max();  // of a run that was damaged
  comparison_.set_clock_skew_ns(skew);
}

void Maker::SamePlace() {
  for (v1::SideSummary& side : *comparison_.mutable_sides()) {
    for (const v1::SideSummary& other : comparison_.sides()) {
      const v1::BannerDetails& banner = other.banner().sample().banner();
      if (other.name() == side.name() || banner.host_key_sha256().empty()) continue;
      const std::string key = absl::StrCat(banner.host_key_type(), " ", banner.host_key_sha256());
      const auto& own = side.agent().host().ssh_host_keys();
      const bool same_key = std::find(own.begin(), own.end(), key) != own.end();
      if (same_key || HasAddress(side.agent().host(), banner.address())) side.set_same_place_as_bastion(true);
    }
  }
}

void Maker::Health() {
  for (v1::SideSummary& side : *comparison_.mutable_sides()) {
    if (side.has_health()) continue;
    const std::vector<const v1::Pair*> own = OwnPairs(side);
    bool healthy = side.present() && !own.empty();
    v1::Rung rung = v1::NOTHING;
    const bool any_works =
        std::any_of(own.begin(), own.end(), [&](const v1::Pair* pair) { return HealthyAt(*pair, side); });
    for (const v1::Pair* pair : own) {
      const v1::Rung proved = RungOf(*pair, side, FindSide(*pair, kReference));
      rung = std::max(rung, proved);
      // A host without IPv6 dials the other address, and nothing is wrong with that.
      const bool not_its_kind = any_works && LacksIpv6(*pair, side);
      healthy = healthy && (not_its_kind || HealthyAt(*pair, side));
      const v1::SideOutcome* outcome = FindSide(*pair, side.name());
      if (outcome == nullptr) continue;
      if (const auto seen = Certificates(*outcome); side.identity().empty() && !seen.empty())
        side.set_identity(*seen.begin());
      auto server = ServerIdentities(*outcome, false);
      if (server.empty()) server = ServerIdentities(*outcome, true);
      if (side.server_identity().empty() && !server.empty()) side.set_server_identity(*server.begin());
    }
    side.set_healthy(healthy);
    side.set_rung(rung);
  }
}

v1::ViewSummary* Maker::AddView(const Roles& roles) {
  v1::ViewSummary* view = comparison_.add_views();
  view->set_subject(roles.subject);
  view->set_reference(roles.reference);
  return view;
}

// The first view's stand in the pairs and the comparison too.
void Maker::FirstDifferences(const Roles& roles, v1::ViewSummary* view) {
  const bool first = comparison_.views_size() == 1;
  for (v1::Pair& pair : *comparison_.mutable_pairs()) {
    auto difference = FirstDifference(pair, roles);
    if (!difference.has_value()) continue;
    // The client's pairs stand behind the target's: they tell only where nothing else does.
    const bool telling = pair.role() == v1::NAME || pair.role() == v1::TARGET || pair.role() == v1::CLIENT;
    if (telling && !view->has_first_difference()) {
      *view->mutable_first_difference() = *difference;
      view->set_first_difference_probe(pair.probe());
    }
    if (first) *pair.mutable_first_difference() = *std::move(difference);
  }
  if (!first || !view->has_first_difference()) return;
  *comparison_.mutable_first_difference() = view->first_difference();
  comparison_.set_first_difference_probe(view->first_difference_probe());
}

}  // namespace

std::vector<v1::Comparison> Compare(const v1::Run& run) {
  std::vector<v1::Comparison> comparisons;
  for (const v1::Target& target : run.targets()) comparisons.push_back(Maker(run, target).Make());
  return comparisons;
}

}  // namespace parallax::compare
