#include "controller/compare/ladder.h"

#include <algorithm>

#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

bool Succeeded(const v1::SideOutcome& outcome, v1::StepKind kind) {
  const v1::StepSummary* step = MainStep(outcome, kind);
  return step != nullptr && step->succeeded() > 0;
}

bool Disjoint(const std::set<std::string>& a, const std::set<std::string>& b) {
  return !a.empty() && !b.empty() &&
         std::none_of(a.begin(), a.end(), [&](const std::string& item) { return b.contains(item); });
}

// An authentication request or an SQLSTATE came: only a PostgreSQL that read our user's name says either.
bool AuthenticatedStage(const v1::SideOutcome& outcome) {
  if (Succeeded(outcome, v1::STARTUP)) return true;
  return std::any_of(outcome.steps().begin(), outcome.steps().end(), [](const v1::StepSummary& step) {
    return step.variant().empty() && step.sample().has_server_error() &&
           step.sample().server_error().code().size() == 5;
  });
}

bool PeerBytes(const v1::SideOutcome& outcome) {
  return std::any_of(outcome.steps().begin(), outcome.steps().end(), [](const v1::StepSummary& step) {
    return step.variant().empty() && step.kind() != v1::CONNECT && step.max_bytes_in() > 0;
  });
}

// A connect means something: what must not connect does not. Behind a local accept no connect does; for a plain tcp
// target, which has nothing else, that is asked of the tunnel's own SOCKS port, which dials before it answers.
bool ControlsHold(const v1::Pair& pair, const v1::SideSummary& side) {
  if (side.locality() == v1::REMOTE) return side.controls().negative_usable() > 0;
  return pair.kind() == "tcp" && SocksReaches(side, HostPort(pair.address(), pair.port()));
}

}  // namespace

bool SocksReaches(const v1::SideSummary& side, const std::string& endpoint) {
  bool reached = false;
  bool negative_failed = false;
  for (const v1::Step& step : side.socks()) {
    const bool connected = step.failure() == v1::NONE;
    if (step.socks().destination() == endpoint) reached = connected;
    if (!step.socks().negative_control()) continue;
    if (connected) return false;
    negative_failed = true;
  }
  return reached && negative_failed;
}

v1::Rung RungOf(const v1::Pair& pair, const v1::SideSummary& side, const v1::SideOutcome* reference) {
  const v1::SideOutcome* outcome = FindSide(pair, side.name());
  if (outcome == nullptr || !outcome->present()) return v1::NOTHING;
  if (pair.kind() == "dns") {
    const v1::StepSummary* resolve = FindStep(*outcome, v1::RESOLVE, "system");
    return resolve != nullptr && resolve->succeeded() > 0 ? v1::SERVER_BYTE : v1::NOTHING;
  }
  if (Succeeded(*outcome, v1::QUERY)) return v1::QUERY_RUNG;
  // An HTTP answer that is as it was wanted, expectations and all, is what a query is elsewhere.
  if (pair.kind() == "http" && outcome->succeeded() > 0) return v1::QUERY_RUNG;
  if (AuthenticatedStage(*outcome)) return v1::AUTHENTICATED_STAGE;
  const std::set<std::string> own = Certificates(*outcome);
  if (!own.empty() && reference != nullptr && reference->side() != side.name()) {
    const std::set<std::string> theirs = Certificates(*reference);
    if (!theirs.empty() && !Disjoint(own, theirs)) return v1::SAME_IDENTITY;
  }
  if (PeerBytes(*outcome)) return v1::SERVER_BYTE;
  if (!Succeeded(*outcome, v1::CONNECT)) return v1::NOTHING;
  return ControlsHold(pair, side) ? v1::CONTROLS_HOLD : v1::SYN_ACK;
}

bool HealthyAt(const v1::Pair& pair, const v1::SideSummary& side) {
  const v1::SideOutcome* outcome = FindSide(pair, side.name());
  if (outcome == nullptr || !Fine(*outcome)) return false;
  // A tcp target has nothing but its connect and what it says unasked.
  if (pair.kind() == "tcp") return RungOf(pair, side, nullptr) >= v1::CONTROLS_HOLD;
  return true;
}

bool LacksIpv6(const v1::Pair& pair, const v1::SideSummary& side) {
  const v1::SideOutcome* outcome = FindSide(pair, side.name());
  return outcome != nullptr && outcome->present() && pair.address().find(':') != std::string::npos &&
         outcome->succeeded() == 0 && outcome->failure() == v1::NO_ROUTE;
}

std::set<std::string> Certificates(const v1::SideOutcome& outcome) {
  std::set<std::string> found;
  for (const v1::Observation& observation : outcome.observations()) {
    for (const v1::Step& step : observation.steps()) {
      if (step.has_tls() && step.tls().chain_size() > 0) found.insert(step.tls().chain(0).sha256());
    }
  }
  return found;
}

std::set<std::string> ServerIdentities(const v1::SideOutcome& outcome, bool by_address) {
  std::set<std::string> found;
  for (const v1::Observation& observation : outcome.observations()) {
    for (const v1::Step& step : observation.steps()) {
      if (step.kind() != v1::QUERY || !step.has_postgres()) continue;
      const std::string& identity = by_address ? step.postgres().server_address() : step.postgres().system_identifier();
      if (!identity.empty()) found.insert(identity);
    }
  }
  return found;
}

bool IdentitiesDiffer(const v1::SideOutcome& reference, const v1::SideOutcome& subject) {
  if (Disjoint(Certificates(reference), Certificates(subject))) return true;
  if (Disjoint(ServerIdentities(reference, false), ServerIdentities(subject, false))) return true;
  // Addresses only where nothing better is told: behind a pooler, or a name for several readers, they change from one
  // session to the next.
  const bool identified = !ServerIdentities(reference, false).empty() || !ServerIdentities(subject, false).empty() ||
                          (!Certificates(reference).empty() && !Certificates(subject).empty());
  return !identified && Disjoint(ServerIdentities(reference, true), ServerIdentities(subject, true));
}

}  // namespace parallax::compare
