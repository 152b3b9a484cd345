#include "controller/diagnose/diagnose.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/compare/client.h"
#include "controller/compare/compare.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/roles.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/told.h"
#include "controller/diagnose/weigh.h"

namespace parallax::diagnose {
namespace {

// The probes that could answer what is unknown, where the answer would move a candidate; the cheapest first.
std::vector<std::string_view> Wanted(const std::vector<Candidate>& candidates, const Readings& readings) {
  std::vector<const AtomRow*> rows;
  for (const AtomRow& row : Atoms()) {
    if (row.probe.empty() || !readings[row.atom].askable) continue;
    const bool moves = std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
      return std::any_of(candidate.cause->links.begin(), candidate.cause->links.end(),
                         [&](const Link& link) { return link.atom == row.atom; });
    });
    if (moves) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const AtomRow* a, const AtomRow* b) { return a->cost < b->cost; });
  std::vector<std::string_view> wanted;
  for (const AtomRow* row : rows) {
    if (std::find(wanted.begin(), wanted.end(), row->probe) == wanted.end()) wanted.push_back(row->probe);
  }
  return wanted;
}

bool Fails(v1::Status status) { return status == v1::DIVERGED || status == v1::BOTH_FAILED; }

// One view, and what may be concluded from it.
struct Judged {
  Judged(std::span<const Cause> causes, const v1::Comparison& comparison, const compare::Roles& roles)
      : view(ReadView(comparison, roles)), readings(view), candidates(Weigh(causes, PairsWithinALayer(), readings)) {}

  bool Named() const {
    return std::any_of(candidates.begin(), candidates.end(), [](const Candidate& one) { return one.Stands(); });
  }
  v1::Finding Tell(const Candidate& candidate) const { return Told(candidate, view, readings, candidates); }

  View view;
  Readings readings;
  std::vector<Candidate> candidates;
};

}  // namespace

v1::Diagnosis DiagnoseBy(std::span<const Cause> causes, const v1::Comparison& comparison) {
  const auto all_roles = compare::RolesOf(comparison);
  const Judged main(causes, comparison, all_roles.front());

  v1::Diagnosis diagnosis;
  diagnosis.set_status(comparison.status());
  // What a witness alone meets: told beside the rest, and the verdict where nothing else fails.
  std::vector<v1::Finding> of_witnesses;
  std::vector<v1::Finding> unexplained;
  std::set<std::string_view> told;
  for (const Candidate& candidate : main.candidates) {
    if (candidate.found) told.insert(candidate.cause->id);
  }
  for (size_t i = 1; i < all_roles.size(); ++i) {
    const Judged one(causes, comparison, all_roles[i]);
    if (!Fails(one.view.status) || one.view.subject == nullptr || one.view.subject->healthy()) continue;
    for (const Candidate& candidate : one.candidates) {
      // What the reference meets too is a finding of the first view.
      if (!candidate.Stands() || !SpeaksOfSubject(*candidate.cause)) continue;
      if (told.insert(candidate.cause->id).second) of_witnesses.push_back(one.Tell(candidate));
    }
    if (!one.Named()) unexplained.push_back(Unexplained(one.view, one.readings, one.candidates));
  }
  const bool only_witness = main.view.both() && main.view.reference->healthy() && main.view.subject->healthy();
  const auto take = [&](std::vector<v1::Finding>& findings) {
    for (v1::Finding& finding : findings) *diagnosis.add_findings() = std::move(finding);
    findings.clear();
  };
  if (!main.Named() && Fails(comparison.status())) {
    if (only_witness) take(of_witnesses);
    if (only_witness && diagnosis.findings().empty() && !unexplained.empty()) {
      *diagnosis.add_findings() = std::move(unexplained.front());
    }
    if (diagnosis.findings().empty())
      *diagnosis.add_findings() = Unexplained(main.view, main.readings, main.candidates);
  }
  for (const Candidate& candidate : main.candidates) {
    if (candidate.found) *diagnosis.add_findings() = main.Tell(candidate);
  }
  take(of_witnesses);
  // A healthy target has no verdict, whatever is noted beside it.
  if (diagnosis.findings_size() > 0 && comparison.status() != v1::HEALTHY) {
    const v1::Finding& first = diagnosis.findings(0);
    const bool fault = first.severity() == v1::FAULT && first.explained_by().empty();
    // A witness's own fault is the verdict where nothing but a witness fails.
    const bool of_a_witness = first.subject() != compare::kSubject && !only_witness;
    if ((fault || first.severity() == v1::UNDECIDED) && !of_a_witness) *diagnosis.mutable_verdict() = first;
  }
  if (comparison.status() != v1::HEALTHY) {
    for (const std::string_view wanted : Wanted(main.candidates, main.readings)) {
      diagnosis.add_wanted_probes(std::string(wanted));
    }
  }
  return diagnosis;
}

std::vector<AtomAnswer> AtomAnswers(const v1::Comparison& comparison) {
  const View view = ReadView(comparison);
  const Readings readings(view);
  std::vector<AtomAnswer> answers;
  for (const AtomRow& row : Atoms()) answers.push_back({row.name, readings[row.atom]});
  return answers;
}

v1::Diagnosis Diagnose(const v1::Comparison& comparison) { return DiagnoseBy(Catalogue(), comparison); }

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
  const View view = ReadView(comparison);
  const bool unproved = view.ours != nullptr && compare::Fine(*view.ours);  // neither health nor a fault
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
