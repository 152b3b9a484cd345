#include "controller/diagnose/told.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compare/client.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/catalogue.h"
#include "controller/diagnose/remedy.h"

namespace parallax::diagnose {
namespace {

// Whatever the fault is, the application's own word stands beside it.
constexpr Link kOfEveryFault[] = {{Atom::kEndpointSaysConnected, Strength::kNothing, Strength::kAgainst}};
constexpr char kAskAnAgent[] =
    "an agent in its place (--inside ssh:HOST): the endpoint shows no stage, no control and no identity";

class Telling {
 public:
  Telling(const View& view, const Readings& readings) : readings_(readings), values_(ValuesOf(view)) {
    for (const AtomRow& row : Atoms()) {
      for (const auto& [name, word] : readings[row.atom].words) {
        if (!word.empty()) values_.insert_or_assign(name, word);
      }
    }
  }

  void Texts(const Cause& cause);
  void Evidence(std::span<const Link> links);
  void AddEvidence(const Proof& proof, bool against);
  // What would settle it: the unknown atoms on which it and its rivals disagree, and each rival's own word.
  void Alternatives(const Cause& cause, const std::vector<const Candidate*>& others);
  void Settle(std::string words);

  v1::Finding finding;

 private:
  bool Applies(const Text& text) const { return !text.when || readings_[*text.when].answer == text.answer; }

  const Readings& readings_;
  Words values_;
};

void Telling::Texts(const Cause& cause) {
  finding.set_cause(std::string(cause.id));
  finding.set_title(std::string(cause.title));
  finding.set_subject(values_.at("subject"));
  finding.set_reference(values_.at("reference"));
  bool own_remedy = false;
  std::string more;
  for (const Text& text : cause.texts) {
    if (!Applies(text)) continue;
    switch (text.kind) {
      case TextKind::kSummary:
        if (finding.summary().empty()) finding.set_summary(FillSentence(text.text, values_));
        break;
      case TextKind::kMore: absl::StrAppend(&more, " ", FillSentence(text.text, values_)); break;
      case TextKind::kTitle: finding.set_title(FillSentence(text.text, values_)); break;
      case TextKind::kOnlyDo: own_remedy = true; [[fallthrough]];
      case TextKind::kDo: {
        const std::string_view lines = text.text.empty() ? readings_[*text.when].own_remedy : text.text;
        for (std::string& line : FillRemedy(lines, values_)) finding.add_remedy(std::move(line));
        break;
      }
      case TextKind::kSettle: break;
    }
  }
  *finding.mutable_summary() += more;
  // Texts say "this host" of the subject; of a witness they have to say which.
  if (finding.subject() != compare::kSubject && !finding.summary().empty()) {
    finding.set_summary(absl::StrCat("Seen from ", finding.subject(), ": ", finding.summary()));
  }
  finding.set_own_remedy(own_remedy);
  if (own_remedy) return;
  for (std::string& line : FillRemedy(cause.remedy, values_)) finding.add_remedy(std::move(line));
}

void Telling::AddEvidence(const Proof& proof, bool against) {
  for (const v1::Evidence& told : finding.evidence()) {
    if (told.text() == proof.text) return;
  }
  v1::Evidence* evidence = finding.add_evidence();
  evidence->set_text(proof.text);
  evidence->set_side(proof.side);
  evidence->set_probe(proof.probe);
  evidence->set_step(proof.step);
  evidence->set_against(against);
}

void Telling::Evidence(std::span<const Link> links) {
  for (const Link& link : links) {
    const Reading& reading = readings_[link.atom];
    const bool against = Said(link, reading) == Strength::kAgainst;
    for (const Proof& proof : reading.proofs) AddEvidence(proof, against);
  }
}

void Telling::Settle(std::string words) {
  const auto& known = finding.next_evidence();
  if (words.empty() || std::find(known.begin(), known.end(), words) != known.end()) return;
  finding.add_next_evidence(std::move(words));
}

void Telling::Alternatives(const Cause& cause, const std::vector<const Candidate*>& others) {
  const auto strengths = [](const Cause& of, Atom atom) {
    for (const Link& link : of.links) {
      if (link.atom == atom) return std::pair(link.yes, link.no);
    }
    return std::pair(Strength::kNothing, Strength::kNothing);
  };
  for (const Candidate* other : others) finding.add_alternatives(std::string(other->cause->id));
  for (const AtomRow& row : Atoms()) {
    if (row.settle.empty() || readings_[row.atom].answer != Answer::kUnknown) continue;
    const auto own = strengths(cause, row.atom);
    const bool moves = own.first != Strength::kNothing || own.second != Strength::kNothing;
    const bool disagree = std::any_of(others.begin(), others.end(), [&](const Candidate* other) {
      return strengths(*other->cause, row.atom) != own;
    });
    if (moves || disagree) Settle(FillSentence(row.settle, values_));
  }
  const auto tell = [&](const Cause& of) {
    for (const Text& text : of.texts) {
      if (text.kind == TextKind::kSettle && Applies(text)) Settle(FillSentence(text.text, values_));
    }
  };
  tell(cause);
  for (const Candidate* other : others) tell(*other->cause);
}

// "hop 2 ": what a redirect led to.
std::string HopOf(const v1::StepSummary& step) {
  return step.variant().starts_with("hop ") ? step.variant() + " " : "";
}

bool BothWork(const View& view) { return view.both() && view.reference->healthy() && view.subject->healthy(); }

// The target's pair, or the real client's where the target itself is well.
const v1::Pair* FailingPair(const View& view) {
  for (const v1::SideSummary* side : {view.reference, view.subject}) {
    if (!BothWork(view)) break;
    if (const compare::ClientSays says = compare::ReadClient(view.comparison, *side); says.failed) return says.pair;
  }
  return view.pair;
}

std::string UnexplainedSummary(const View& view, const v1::Pair* pair) {
  const v1::Comparison& comparison = view.comparison;
  // No name of the catalogue, but the server has said it in its own words.
  const v1::SideOutcome* theirs = pair == nullptr ? nullptr : compare::FindSide(*pair, view.reference_name);
  const v1::SideOutcome* ours = pair == nullptr ? nullptr : compare::FindSide(*pair, view.subject_name);
  if (const std::string code = SqlState(theirs); !code.empty() && code == SqlState(ours)) {
    return absl::StrCat("The server is reached from both sides and says no, to both alike: ",
                        compare::StepCell(*EndingStep(*theirs)), ".");
  }
  if (view.status != v1::DIVERGED) return "Both sides fail, and no known cause fits what was seen.";
  if (BothWork(view)) return absl::StrCat("No known cause fits what was seen: ", comparison.status_why(), ".");
  return "The sides differ, and no known cause fits what was seen.";
}

}  // namespace

v1::Finding Told(const Candidate& candidate, const View& view, const Readings& readings,
                 const std::vector<Candidate>& candidates) {
  Telling telling(view, readings);
  telling.Texts(*candidate.cause);
  telling.finding.set_severity(candidate.severity);
  telling.finding.set_confidence(candidate.confidence);
  if (candidate.explained_by != nullptr) telling.finding.set_explained_by(std::string(candidate.explained_by->id));
  telling.Evidence(candidate.cause->links);
  const bool fault = candidate.severity == v1::FAULT;
  if (fault && candidate.explained_by == nullptr) {
    telling.Alternatives(*candidate.cause, WithinReach(candidates, &candidate));
  }
  if (fault || candidate.severity == v1::UNDECIDED) {
    telling.Evidence(kOfEveryFault);
    if (readings[Atom::kEndpointSaysConnected].answer != Answer::kUnknown) telling.Settle(kAskAnAgent);
  }
  return std::move(telling.finding);
}

v1::Finding Unexplained(const View& view, const Readings& readings, const std::vector<Candidate>& candidates) {
  const Cause& cause = *FindCause("unexplained");
  Telling telling(view, readings);
  telling.Texts(cause);
  const v1::Pair* pair = FailingPair(view);
  if (telling.finding.summary().empty()) telling.finding.set_summary(UnexplainedSummary(view, pair));
  telling.finding.set_severity(cause.severity);
  telling.finding.set_confidence(UnexplainedShare(candidates));
  if (pair != nullptr) {
    for (const v1::SideOutcome& side : pair->sides()) {
      if (!side.present()) continue;
      const v1::StepSummary* step = EndingStep(side);
      Reading fact;
      if (step == nullptr) {
        fact.Because(absl::StrCat(side.side(), ": every step succeeded"), side.side(), pair->probe());
      } else {
        fact.Because(absl::StrCat(side.side(), ": ", HopOf(*step), compare::StepLabel(step->kind()), ": ",
                                  compare::StepCell(*step)),
                     side, pair->probe(), *step);
      }
      telling.AddEvidence(fact.proofs.front(), /*against=*/false);
    }
  }
  telling.Evidence(cause.links);
  const v1::Comparison& comparison = view.comparison;
  for (const v1::ViewSummary& one : comparison.views()) {
    if (one.subject() != view.subject_name || !one.has_first_difference()) continue;
    const v1::Difference& difference = one.first_difference();
    Reading fact;
    fact.Because(absl::StrCat("the sides part at ", compare::StepLabel(difference.step()), ": ", one.reference(), " ",
                              difference.inside(), ", ", one.subject(), " ", difference.outside()),
                 "", one.first_difference_probe(), difference.step());
    telling.AddEvidence(fact.proofs.front(), /*against=*/false);
  }
  if (telling.finding.evidence().empty()) telling.finding.add_evidence()->set_text(comparison.status_why());
  telling.Alternatives(cause, WithinReach(candidates, nullptr));
  // The application's word is a fact here, and speaks against nothing that is claimed.
  for (const Proof& proof : readings[Atom::kEndpointSaysConnected].proofs) telling.AddEvidence(proof, false);
  if (readings[Atom::kEndpointSaysConnected].answer != Answer::kUnknown) telling.Settle(kAskAnAgent);
  return std::move(telling.finding);
}

}  // namespace parallax::diagnose
