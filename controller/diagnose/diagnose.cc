#include "controller/diagnose/diagnose.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/compare/client.h"
#include "controller/compare/compare.h"
#include "controller/compare/outcomes.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/facts.h"
#include "controller/diagnose/remedy.h"
#include "controller/diagnose/rules.h"
#include "controller/diagnose/sameness.h"
#include "controller/diagnose/wanted.h"

namespace parallax::diagnose {
namespace {

// An inside that stands where the bastion stands can clear nothing beyond it.
constexpr double kSamePlaceShare = 0.6;
// From here on a finding has a proof.
constexpr double kProved = 0.9;

bool SidesAreThere(const Rule& rule, const Facts& facts) {
  switch (rule.sides) {
    case Sides::kBoth: return facts.inside != nullptr && facts.outside != nullptr;
    case Sides::kOutside: return facts.outside != nullptr;
    case Sides::kInside: return facts.inside != nullptr;
    case Sides::kAny: return facts.inside != nullptr || facts.outside != nullptr;
    case Sides::kNone: break;
  }
  return true;
}

v1::Finding Complete(const Rule& rule, v1::Finding finding, const v1::Comparison& comparison) {
  finding.set_cause(std::string(rule.cause));
  if (finding.title().empty()) finding.set_title(std::string(rule.title));
  if (finding.severity() == v1::SEVERITY_UNSPECIFIED) finding.set_severity(rule.severity);
  if (finding.own_remedy()) return finding;
  for (std::string& line : FillRemedy(rule.remedy, comparison)) finding.add_remedy(std::move(line));
  return finding;
}

// Nobody's consequence among those that matched. Notes explain nothing.
void Explain(std::vector<v1::Finding>* findings) {
  std::set<std::string> faults;
  for (const v1::Finding& finding : *findings) {
    if (finding.severity() == v1::FAULT) faults.insert(finding.cause());
  }
  for (v1::Finding& finding : *findings) {
    for (const std::string_view cause : FindCause(finding.cause())->explained_by) {
      if (finding.explained_by().empty() && faults.contains(std::string(cause)))
        finding.set_explained_by(std::string(cause));
    }
  }
}

int Weight(const v1::Finding& finding) {
  if (finding.severity() == v1::FAULT) return finding.explained_by().empty() ? 0 : 2;
  return finding.severity() == v1::UNDECIDED ? 1 : finding.severity() == v1::WARNING ? 3 : 4;
}

void NoteSamePlace(const v1::Comparison& comparison, std::vector<v1::Finding>* findings) {
  const Facts facts = Read(comparison);
  if (facts.inside == nullptr || !facts.inside->same_place_as_bastion()) return;
  for (v1::Finding& finding : *findings) {
    const bool beyond = finding.cause().rfind("target.", 0) == 0 || finding.cause().rfind("vpc.", 0) == 0;
    if (!beyond) continue;
    finding.set_confidence(finding.confidence() * kSamePlaceShare);
    v1::Evidence* evidence = finding.add_evidence();
    evidence->set_text(
        "the inside agent stands on the bastion itself (same address or ssh host key): it sees what the bastion sees, "
        "and "
        "clears nothing beyond it");
    evidence->set_side("inside");
    evidence->set_against(true);
    finding.add_next_evidence("an inside agent on another host of the VPC, best the application's own");
  }
}

// Two agents on one host see what one sees: that they agree is one observation, and not two.
void NoteOneHost(const v1::Comparison& comparison, std::vector<v1::Finding>* findings) {
  const Facts facts = Read(comparison);
  if (!facts.both() || !OnOneHost(*facts.inside, *facts.outside)) return;
  for (v1::Finding& finding : *findings) {
    const bool both_alike = finding.cause().rfind("target.", 0) == 0 && finding.cause() != "target.wrong_server";
    if (!both_alike) continue;
    finding.set_confidence(finding.confidence() * kSamePlaceShare);
    v1::Evidence* evidence = finding.add_evidence();
    evidence->set_text("inside and outside stand on one host: that they agree is one observation, and not two");
    evidence->set_side("inside");
    evidence->set_against(true);
    finding.add_next_evidence("an inside agent on another host of the VPC, best the application's own");
  }
}

// Speaks of one target that both sides met.
bool IsAboutOneTarget(std::string_view cause) {
  if (cause == "target.wrong_server") return false;
  for (const std::string_view family : {"target.", "vpc.", "path.", "postgres."}) {
    if (cause.starts_with(family)) return true;
  }
  return cause == "tls.stripped" || cause == "tls.intercepted" || cause == "tls.not_offered";
}

// A health endpoint's word stands beside what the other sides observed: for a fault of the way when the application is
// connected, against one when it is not. It turns no finding into another.
void NoteHealth(const v1::Comparison& comparison, std::vector<v1::Finding>* findings) {
  for (const v1::SideSummary& side : comparison.sides()) {
    if (!side.has_health() || !side.present() || side.unlike()) continue;
    for (v1::Finding& finding : *findings) {
      if (finding.severity() != v1::FAULT && finding.severity() != v1::UNDECIDED) continue;
      v1::Evidence* evidence = finding.add_evidence();
      evidence->set_text(
          absl::StrCat("the health endpoint of the application says ",
                       side.healthy() ? "that it is connected: " : "that it is not: ", side.health().says()));
      evidence->set_side(side.name());
      evidence->set_against(!side.healthy() && finding.cause() != "unexplained");
      finding.add_next_evidence(
          "an agent in its place (--inside ssh:HOST): the endpoint shows no stage, no control and no identity");
    }
  }
}

// What a further probe would tell apart, from what is still open.
std::vector<std::string_view> Wanted(const v1::Comparison& comparison, const std::vector<v1::Finding>& findings) {
  std::vector<std::string_view> wanted;
  const Facts facts = Read(comparison);
  // Nothing behind a tunnel that looked well: it may have ended since it was looked at.
  if (facts.outside_fails() && HasTunnel(*facts.outside) && facts.others != Others::kAnswer &&
      (facts.outside_how == How::kSilent || facts.outside_how == How::kUnreachable)) {
    wanted.push_back(kTunnelAgain);
  }
  if (comparison.target().scheme() != "postgres" || comparison.status() == v1::HEALTHY) return wanted;
  if (!facts.both() || facts.in == nullptr || facts.out == nullptr) return wanted;
  const v1::StepSummary* connect = StepOf(facts.in, v1::CONNECT);
  const bool inside_connects = connect != nullptr && connect->succeeded() > 0;
  const v1::StepSummary* inside_end = EndingStep(*facts.in);
  const bool no_first_byte = inside_end != nullptr && inside_end->max_bytes_in() == 0 &&
                             (inside_end->kind() == v1::SSL_REQUEST || inside_end->kind() == v1::STARTUP);
  if (inside_connects && no_first_byte) wanted.push_back(kListenThenHttp);
  const v1::StepSummary* outside_end = EndingStep(*facts.out);
  if (facts.inside_fine() && outside_end != nullptr && outside_end->kind() == v1::TLS_HANDSHAKE &&
      facts.outside_how == How::kLater) {
    wanted.push_back(kMessageSize);
    wanted.push_back(kPaddedClientHello);
  }
  // What the server offers over plain text tells whether it believes that it speaks TLS.
  const bool plain_unproved = TlsInsideOnly(facts) && !SpeaksTlsBeyond(comparison, facts);
  const bool about_modes = std::any_of(findings.begin(), findings.end(), [&](const v1::Finding& finding) {
    const bool who_answers = finding.cause() == "tls.stripped" || finding.cause() == "target.wrong_server";
    return finding.cause() == "tls.required_by_server" ||
           (plain_unproved && who_answers && finding.confidence() < kProved);
  });
  if (about_modes) wanted.push_back(kSslModeMatrix);
  return wanted;
}

}  // namespace

v1::Diagnosis Diagnose(const v1::Comparison& comparison) {
  const Facts facts = Read(comparison);
  std::vector<v1::Finding> findings;
  const bool each_its_own = !OwnHostAddress(comparison, facts).empty();
  for (const Rule& rule : Catalogue()) {
    if (rule.match == nullptr || rule.match == &MatchUnexplained || !SidesAreThere(rule, facts)) continue;
    if (each_its_own && IsAboutOneTarget(rule.cause)) continue;
    if (auto finding = rule.match(comparison)) findings.push_back(Complete(rule, *std::move(finding), comparison));
  }
  Explain(&findings);
  NoteSamePlace(comparison, &findings);
  NoteOneHost(comparison, &findings);
  const bool named = std::any_of(findings.begin(), findings.end(), [](const v1::Finding& finding) {
    return finding.severity() == v1::FAULT && finding.explained_by().empty();
  });
  if (!named) {
    const Rule& rule = *FindCause("unexplained");
    if (auto finding = rule.match(comparison)) findings.push_back(Complete(rule, *std::move(finding), comparison));
  }
  NoteHealth(comparison, &findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const v1::Finding& a, const v1::Finding& b) { return Weight(a) < Weight(b); });

  v1::Diagnosis diagnosis;
  diagnosis.set_status(comparison.status());
  for (const v1::Finding& finding : findings) *diagnosis.add_findings() = finding;
  // A healthy target has no verdict, whatever is noted beside it.
  if (!findings.empty() && Weight(findings.front()) <= 1 && comparison.status() != v1::HEALTHY) {
    v1::Finding* verdict = diagnosis.mutable_verdict();
    *verdict = findings.front();
    // Other faults that stand by themselves are alternatives too.
    for (size_t i = 1; i < findings.size() && Weight(findings[i]) == 0; ++i) {
      const auto& known = verdict->alternatives();
      if (std::find(known.begin(), known.end(), findings[i].cause()) == known.end()) {
        verdict->add_alternatives(findings[i].cause());
      }
    }
  }
  for (const std::string_view wanted : Wanted(comparison, findings)) diagnosis.add_wanted_probes(std::string(wanted));
  return diagnosis;
}

v1::Report MakeReport(const v1::Run& run) {
  // The worst first: a fault that is known, then one that is common to both, then what cannot be told.
  const auto badness = [](const v1::TargetReport& target) {
    switch (target.comparison().status()) {
      case v1::HEALTHY: return 0;
      case v1::CANNOT_TELL: return 1;
      case v1::BOTH_FAILED: return 2;
      default: return 3;
    }
  };
  v1::Report report;
  report.set_run(run.id());
  for (v1::Comparison& comparison : compare::Compare(run)) {
    v1::TargetReport* target = report.add_targets();
    *target->mutable_diagnosis() = Diagnose(comparison);
    *target->mutable_comparison() = std::move(comparison);
    if (badness(*target) > badness(report.targets(static_cast<int>(report.worst())))) {
      report.set_worst(static_cast<uint32_t>(report.targets_size() - 1));
    }
  }
  report.set_status(report.targets_size() == 0
                        ? v1::CANNOT_TELL
                        : report.targets(static_cast<int>(report.worst())).comparison().status());
  return report;
}

namespace {

// One side has nothing to differ from: the target answers there as it should, or it does not.
bool FailsThere(const v1::Comparison& comparison) {
  if (comparison.sides_size() != 1) return false;
  const v1::SideSummary& side = comparison.sides(0);
  const Facts facts = Read(comparison);
  const bool unproved = facts.out != nullptr && compare::Fine(*facts.out);  // neither health nor a fault
  if (!side.present() || side.unlike()) return false;
  return (!side.healthy() && !unproved) || (side.healthy() && compare::ReadClient(comparison, side).failed);
}

}  // namespace

int ExitCode(const v1::Report& report) {
  bool undecided = report.targets_size() == 0;
  for (const v1::TargetReport& target : report.targets()) {
    const v1::Status status = target.comparison().status();
    if (status == v1::HEALTHY) continue;
    if (FailsThere(target.comparison())) return 1;
    const bool named = target.diagnosis().has_verdict() && target.diagnosis().verdict().severity() == v1::FAULT;
    if (status != v1::CANNOT_TELL || named) return 1;
    undecided = true;
  }
  return undecided ? 3 : 0;
}

}  // namespace parallax::diagnose
