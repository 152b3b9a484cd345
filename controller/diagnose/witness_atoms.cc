// Sides of neither role: what a third place meets at the same address.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compare/ladder.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

// What a witness met at the pair that the view is about; nullptr when it was not asked.
const v1::SideOutcome* MetBy(const View& view, const v1::SideSummary& witness) {
  const v1::SideOutcome* outcome = view.pair == nullptr ? nullptr : compare::FindSide(*view.pair, witness.name());
  return outcome == nullptr || !outcome->present() ? nullptr : outcome;
}

std::string EndWords(const v1::StepSummary& end) {
  return absl::StrCat(compare::StepLabel(end.kind()), " ", compare::StepCell(end));
}

// The same step, and the same class of failure, in every attempt of both. A server's own error counts by its code.
bool EndAlike(const v1::SideOutcome& a, const v1::SideOutcome& b) {
  const v1::StepSummary* one = EndingStep(a);
  const v1::StepSummary* other = EndingStep(b);
  if (one == nullptr || other == nullptr || a.succeeded() > 0 || b.succeeded() > 0) return false;
  return one->kind() == other->kind() && one->variant() == other->variant() &&
         compare::FailureClass(one->failure()) == compare::FailureClass(other->failure()) &&
         SqlState(&a) == SqlState(&b);
}

// Whether a witness ends as `outcome` does, whose side `as` is.
Reading EndsAs(const View& view, const v1::SideOutcome* outcome, const std::string& as) {
  if (outcome == nullptr || EndingStep(*outcome) == nullptr) return Unknown();
  Reading reading = Unknown();
  for (const v1::SideSummary* witness : WitnessesOf(view)) {
    const v1::SideOutcome* met = MetBy(view, *witness);
    if (met == nullptr) continue;
    if (EndAlike(*met, *outcome)) {
      return Yes().Because(absl::StrCat(witness->name(), " ends as ", as, " does: ", EndWords(*EndingStep(*met))), *met,
                           view.pair->probe(), *EndingStep(*met));
    }
    reading.answer = Answer::kNo;
  }
  return reading;
}

// Whether a witness meets the server that `outcome` met, whose side `as` is.
Reading MeetsTheServerOf(const View& view, const v1::SideOutcome* outcome, const std::string& as) {
  if (outcome == nullptr) return Unknown();
  Reading reading = Unknown();
  for (const v1::SideSummary* witness : WitnessesOf(view)) {
    const v1::SideOutcome* met = MetBy(view, *witness);
    if (met == nullptr) continue;
    const Identity identity = ReadIdentity(*outcome, *met);
    if (identity.same_certificate || identity.same_server) {
      return Yes().Because(absl::StrCat(witness->name(), " meets the same server as ", as, ", by its ",
                                        identity.same_server ? "system identifier" : "certificate"),
                           witness->name(), view.pair->probe());
    }
    if (identity.certificates_differ || identity.servers_differ) reading.answer = Answer::kNo;
  }
  return reading;
}

}  // namespace

Reading WitnessWorks(const View& view) {
  Reading reading = Unknown();
  for (const v1::SideSummary* witness : WitnessesOf(view)) {
    const v1::SideOutcome* met = MetBy(view, *witness);
    if (met == nullptr) continue;
    if (compare::Fine(*met) && witness->healthy()) {
      return Yes().Because(absl::StrCat("from ", witness->name(), " the target works"), witness->name(),
                           view.pair->probe());
    }
    // What comes and goes tells nothing.
    if (met->succeeded() == 0) reading.answer = Answer::kNo;
  }
  return reading;
}

Reading WitnessEndsAsSubject(const View& view) { return EndsAs(view, view.ours, view.subject_name); }
Reading WitnessEndsAsReference(const View& view) { return EndsAs(view, view.theirs, view.reference_name); }
Reading WitnessMeetsSubjectsServer(const View& view) { return MeetsTheServerOf(view, view.ours, view.subject_name); }
Reading WitnessMeetsReferencesServer(const View& view) {
  return MeetsTheServerOf(view, view.theirs, view.reference_name);
}

Reading WitnessResolves(const View& view) {
  Reading reading = Unknown();
  for (const v1::Pair* pair : PairsWith(view.comparison, v1::NAME)) {
    for (const v1::SideSummary* witness : WitnessesOf(view)) {
      const v1::SideOutcome* outcome = compare::FindSide(*pair, witness->name());
      const v1::StepSummary* resolve = StepOf(outcome, v1::RESOLVE, "system");
      if (resolve == nullptr) continue;
      if (resolve->succeeded() == 0) {
        reading.answer = Answer::kNo;
        reading.Because(absl::StrCat(witness->name(), " it is ", compare::StepCell(*resolve)), *outcome, pair->probe(),
                        *resolve);
        continue;
      }
      return Yes().Because(absl::StrCat(witness->name(), " it is ", compare::StepCell(*resolve)), *outcome,
                           pair->probe(), *resolve);
    }
  }
  return reading;
}

// A witness that stands on the bastion: what it meets at the target tells the bastion's own doing from what lies
// beyond.
Reading BastionReachesTarget(const View& view) {
  for (const v1::SideSummary* witness : WitnessesOf(view)) {
    const v1::SideOutcome* met = MetBy(view, *witness);
    if (!witness->same_place_as_bastion() || met == nullptr) continue;
    const v1::StepSummary* end = EndingStep(*met);
    if (end == nullptr) {
      return Yes().Because(absl::StrCat("from the bastion itself (", witness->name(),
                                        ") the target answers: no firewall beyond it is in the way, but what the "
                                        "bastion does for a tunnel"),
                           witness->name(), view.pair->probe());
    }
    return No().Because(absl::StrCat("from the bastion itself (", witness->name(), "): ", EndWords(*end),
                                     ": what stops it stands between the bastion and the target"),
                        *met, view.pair->probe(), *end);
  }
  return Unknown();
}

}  // namespace parallax::diagnose
