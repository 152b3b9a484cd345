// dns.*: what the name says on each side.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/finding.h"
#include "controller/diagnose/rules.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

struct Names {
  const v1::Pair* pair = nullptr;
  const v1::StepSummary* inside = nullptr;  // RESOLVE by the system; null when not observed
  const v1::StepSummary* outside = nullptr;
};

bool DialsElsewhere(const v1::Pair& target, const char* side) {
  const v1::SideOutcome* outcome = compare::FindSide(target, side);
  return outcome != nullptr && outcome->observations_size() > 0 && outcome->observations(0).via_connect_to();
}

Names ReadNames(const v1::Comparison& comparison) {
  Names names;
  for (const v1::Pair* pair : PairsWith(comparison, v1::NAME)) {
    names.pair = pair;
    names.inside = StepOf(compare::FindSide(*pair, "inside"), v1::RESOLVE, "system");
    names.outside = StepOf(compare::FindSide(*pair, "outside"), v1::RESOLVE, "system");
    break;
  }
  // A side that is told to dial elsewhere does not go by the name.
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    if (DialsElsewhere(*pair, "outside")) names.outside = nullptr;
    if (DialsElsewhere(*pair, "inside")) names.inside = nullptr;
  }
  return names;
}

bool Resolved(const v1::StepSummary* step) { return step != nullptr && step->failure() == v1::NONE; }
bool Unresolved(const v1::StepSummary* step) { return step != nullptr && step->succeeded() == 0; }

std::vector<std::string> OnlyIn(const v1::StepSummary& ours, const v1::StepSummary& theirs) {
  std::vector<std::string> only;
  const auto& others = theirs.sample().resolve().addresses();
  for (const std::string& address : ours.sample().resolve().addresses()) {
    if (std::find(others.begin(), others.end(), address) == others.end()) only.push_back(address);
  }
  return only;
}

const v1::Pair* TargetAt(const v1::Comparison& comparison, const std::string& address) {
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    if (pair->address() == address) return pair;
  }
  return nullptr;
}

bool FailsAt(const v1::Comparison& comparison, const std::string& address, const char* side) {
  const v1::Pair* pair = TargetAt(comparison, address);
  const v1::SideOutcome* outcome = pair == nullptr ? nullptr : compare::FindSide(*pair, side);
  return outcome != nullptr && outcome->present() && !compare::Fine(*outcome);
}

// The outside's own addresses that it shares with nobody, when its name leads it astray: all of its addresses are
// others than the inside's.
std::vector<std::string> Astray(const v1::Comparison& comparison, const Names& names) {
  if (!Resolved(names.inside) || !Resolved(names.outside)) return {};
  std::vector<std::string> only = OnlyIn(*names.outside, *names.inside);
  if (only.size() < static_cast<size_t>(names.outside->sample().resolve().addresses_size())) {
    // Some are shared: those that are not count only where they fail.
    std::erase_if(only, [&](const std::string& address) { return !FailsAt(comparison, address, "outside"); });
  }
  return only;
}

void TellSets(const Names& names, FindingBuilder* finding) {
  finding->Because(absl::StrCat("inside it is ", compare::StepCell(*names.inside)), "inside", names.pair->probe(),
                   v1::RESOLVE);
  finding->Because(absl::StrCat("outside it is ", compare::StepCell(*names.outside)), "outside", names.pair->probe(),
                   v1::RESOLVE);
}

// Each side at the other's address: which of them is the server.
void TellCross(const v1::Comparison& comparison, const Names& names, FindingBuilder* finding) {
  for (const v1::StepSummary* step : {names.inside, names.outside}) {
    for (const std::string& address : step->sample().resolve().addresses()) {
      const v1::Pair* pair = TargetAt(comparison, address);
      if (pair == nullptr) continue;
      for (const char* side : {"inside", "outside"}) {
        const v1::SideOutcome* outcome = compare::FindSide(*pair, side);
        if (outcome == nullptr || !outcome->present()) continue;
        const v1::StepSummary* end = EndingStep(*outcome);
        finding->Because(
            absl::StrCat(
                address, " from ", side, ": ",
                end == nullptr ? "works" : absl::StrCat(compare::StepLabel(end->kind()), " ", compare::StepCell(*end))),
            side, pair->probe(), end == nullptr ? v1::STEP_KIND_UNSPECIFIED : end->kind());
      }
    }
  }
}

// What a named resolver of the outside says, when it says another thing than the system's own.
void TellResolvers(const Names& names, FindingBuilder* finding) {
  const v1::SideOutcome* outcome = compare::FindSide(*names.pair, "outside");
  for (const v1::StepSummary& step : outcome->steps()) {
    if (step.kind() != v1::RESOLVER_QUERY) continue;
    if (step.sample().resolve().record_type() != "A") continue;
    finding->Because(absl::StrCat("resolver ", step.variant(), ": ", compare::StepCell(step)), "outside",
                     names.pair->probe(), v1::RESOLVER_QUERY);
  }
}

// The outside host's own kernel has no way to anywhere that matters: then the name is the least of it.
bool HasNoNetwork(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  if (facts.outside == nullptr) return false;
  const v1::StepSummary* connect = StepOf(facts.out, v1::CONNECT);
  return facts.outside->banner().failure() == v1::NO_ROUTE ||
         (connect != nullptr && connect->failure() == v1::NO_ROUTE);
}

// The resolver did not say that there is no such name: it said nothing, or that it cannot tell.
bool NoResolverAnswers(const v1::StepSummary& resolve) {
  return resolve.failure() == v1::RESOLVER_FAILED || resolve.failure() == v1::TIMED_OUT ||
         resolve.failure() == v1::UNREACHABLE || resolve.failure() == v1::REFUSED;
}

void TellResolversRemedy(const std::string& where, FindingBuilder* finding) {
  finding->Do(absl::StrCat("on ", where,
                           ", which resolvers are asked, and do they answer: resolvectl status; cat "
                           "/etc/resolv.conf; dig . @RESOLVER"));
  finding->Do("is the network there up, and does a tunnel or a VPN set a resolver that only it can reach?");
  finding->DoOnlyThat();
}

}  // namespace

std::optional<v1::Finding> MatchUnresolvedOutside(const v1::Comparison& comparison) {
  const Names names = ReadNames(comparison);
  if (!Resolved(names.inside) || !Unresolved(names.outside)) return std::nullopt;
  if (HasNoNetwork(comparison)) return std::nullopt;
  FindingBuilder finding(0.96, absl::StrCat("The name ", names.pair->host(), " does not resolve outside. The path was ",
                                            "not even tried by applications there."));
  TellSets(names, &finding);
  TellResolvers(names, &finding);
  if (NoResolverAnswers(*names.outside)) TellResolversRemedy("the outside's host", &finding);
  return finding.Build();
}

std::optional<v1::Finding> MatchUnresolvedEverywhere(const v1::Comparison& comparison) {
  const Names names = ReadNames(comparison);
  if (!Unresolved(names.inside) || !Unresolved(names.outside)) return std::nullopt;
  // No such name is an answer; none at all says nothing of the name.
  const bool unanswered = NoResolverAnswers(*names.inside) && NoResolverAnswers(*names.outside);
  FindingBuilder finding(0.96, absl::StrCat("The name ", names.pair->host(), " resolves on neither side",
                                            unanswered ? ": no resolver answers there." : "."));
  TellSets(names, &finding);
  if (unanswered) TellResolversRemedy("both hosts", &finding);
  return finding.Build();
}

std::optional<v1::Finding> MatchStaleAnswer(const v1::Comparison& comparison) {
  const Names names = ReadNames(comparison);
  const std::vector<std::string> astray = Astray(comparison, names);
  // Old addresses of the same VPC: private ones, silent from inside too.
  const bool stale = !astray.empty() && std::all_of(astray.begin(), astray.end(), [&](const std::string& address) {
    return IsPrivateAddress(address) && FailsAt(comparison, address, "inside") &&
           FailsAt(comparison, address, "outside");
  });
  if (!stale) return std::nullopt;
  FindingBuilder finding(
      0.85, absl::StrCat("Outside, ", names.pair->host(), " still has the address ", absl::StrJoin(astray, ", "),
                         ", where nothing answers from inside either."));
  TellSets(names, &finding);
  TellCross(comparison, names, &finding);
  TellResolvers(names, &finding);
  return finding.OrElse("dns.split_horizon", "the zone's own name server: which address does it give to whom?").Build();
}

std::optional<v1::Finding> MatchSplitHorizon(const v1::Comparison& comparison) {
  const Names names = ReadNames(comparison);
  const std::vector<std::string> astray = Astray(comparison, names);
  if (astray.empty()) return std::nullopt;
  const bool fails = std::any_of(astray.begin(), astray.end(),
                                 [&](const std::string& address) { return FailsAt(comparison, address, "outside"); });
  const bool own = std::all_of(astray.begin(), astray.end(), &IsOwnHostAddress);
  const bool harmless = !fails && comparison.status() == v1::HEALTHY;
  FindingBuilder finding(
      fails ? 0.93 : 0.7,
      absl::StrCat(
          "The name ", names.pair->host(), " means ", absl::StrJoin(astray, ", "),
          " outside, and another address inside",
          own     ? ": outside it leads to that host itself. A hosts file, or a resolver that withholds the answer."
          : fails ? ": outside it leads to the wrong place."
                  : "."));
  if (harmless) finding.Severity(v1::NOTE);
  TellSets(names, &finding);
  TellCross(comparison, names, &finding);
  TellResolvers(names, &finding);
  return finding.Build();
}

}  // namespace parallax::diagnose
