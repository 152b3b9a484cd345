// What the name says on each side.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compare/ladder.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"
#include "controller/diagnose/atom_reads.h"
#include "controller/diagnose/sameness.h"

namespace parallax::diagnose {
namespace {

struct Names {
  const v1::Pair* pair = nullptr;
  const v1::StepSummary* reference = nullptr;  // RESOLVE by the system; null when not observed
  const v1::StepSummary* subject = nullptr;
};

bool DialsElsewhere(const v1::Pair& target, const std::string& side) {
  const v1::SideOutcome* outcome = compare::FindSide(target, side);
  return outcome != nullptr && outcome->observations_size() > 0 && outcome->observations(0).via_connect_to();
}

Names ReadNames(const View& view) {
  Names names;
  const std::vector<const v1::Pair*> pairs = PairsWith(view.comparison, v1::NAME);
  if (pairs.empty() || !view.both()) return names;
  names.pair = pairs.front();
  names.reference = StepOf(compare::FindSide(*names.pair, view.reference_name), v1::RESOLVE, "system");
  names.subject = StepOf(compare::FindSide(*names.pair, view.subject_name), v1::RESOLVE, "system");
  // A side that is told to dial elsewhere does not go by the name.
  for (const v1::Pair* pair : PairsWith(view.comparison, v1::TARGET)) {
    if (DialsElsewhere(*pair, view.subject_name)) names.subject = nullptr;
    if (DialsElsewhere(*pair, view.reference_name)) names.reference = nullptr;
  }
  return names;
}

bool Resolved(const v1::StepSummary* step) { return step != nullptr && step->failure() == v1::NONE; }
bool Unresolved(const v1::StepSummary* step) { return step != nullptr && step->succeeded() == 0; }

std::vector<std::string> AddressesOf(const v1::StepSummary& step) {
  const auto& addresses = step.sample().resolve().addresses();
  return {addresses.begin(), addresses.end()};
}

const v1::SideOutcome* OutcomeAt(const View& view, const std::string& address, const std::string& side) {
  for (const v1::Pair* pair : PairsWith(view.comparison, v1::TARGET)) {
    if (pair->address() != address) continue;
    const v1::SideOutcome* outcome = compare::FindSide(*pair, side);
    return outcome == nullptr || !outcome->present() ? nullptr : outcome;
  }
  return nullptr;
}

bool FailsAt(const View& view, const std::string& address, const std::string& side) {
  const v1::SideOutcome* outcome = OutcomeAt(view, address, side);
  return outcome != nullptr && !compare::Fine(*outcome);
}

// The subject's own addresses that it shares with nobody, when its name leads it astray: all of its addresses are
// others than the reference's.
std::vector<std::string> Astray(const View& view, const Names& names) {
  if (!Resolved(names.reference) || !Resolved(names.subject)) return {};
  const std::vector<std::string> theirs = AddressesOf(*names.reference);
  std::vector<std::string> only = AddressesOf(*names.subject);
  const size_t all = only.size();
  std::erase_if(only, [&](const std::string& address) {
    return std::find(theirs.begin(), theirs.end(), address) != theirs.end();
  });
  if (only.size() < all) {
    // Some are shared: those that are not count only where they fail.
    std::erase_if(only, [&](const std::string& address) { return !FailsAt(view, address, view.subject_name); });
  }
  return only;
}

void TellSet(const View& view, const Names& names, const std::string& side, Reading* reading) {
  const v1::StepSummary* step = side == view.subject_name ? names.subject : names.reference;
  const v1::SideOutcome* outcome = compare::FindSide(*names.pair, side);
  reading->Because(absl::StrCat(side, " it is ", compare::StepCell(*step)), *outcome, names.pair->probe(), *step);
}

// Each side at the other's address: which of them is the server.
void TellCross(const View& view, const Names& names, Reading* reading) {
  for (const v1::StepSummary* step : {names.reference, names.subject}) {
    for (const std::string& address : AddressesOf(*step)) {
      for (const v1::Pair* pair : PairsWith(view.comparison, v1::TARGET)) {
        if (pair->address() != address) continue;
        for (const std::string& side : {view.reference_name, view.subject_name}) {
          const v1::SideOutcome* outcome = OutcomeAt(view, address, side);
          if (outcome == nullptr) continue;
          const v1::StepSummary* end = EndingStep(*outcome);
          const std::string from = absl::StrCat(address, " from ", side, ": ");
          if (end == nullptr) {
            reading->Because(from + "works", side, pair->probe());
          } else {
            reading->Because(absl::StrCat(from, compare::StepLabel(end->kind()), " ", compare::StepCell(*end)),
                             *outcome, pair->probe(), *end);
          }
        }
        break;
      }
    }
  }
}

// What a named resolver of the subject says, when it says another thing than the system's own.
void TellResolvers(const View& view, const Names& names, Reading* reading) {
  const v1::SideOutcome* outcome = compare::FindSide(*names.pair, view.subject_name);
  for (const v1::StepSummary& step : outcome->steps()) {
    if (step.kind() != v1::RESOLVER_QUERY || step.sample().resolve().record_type() != "A") continue;
    reading->Because(absl::StrCat("resolver ", step.variant(), ": ", compare::StepCell(step)), *outcome,
                     names.pair->probe(), step);
  }
}

// The resolver did not say that there is no such name: it said nothing, or that it cannot tell.
bool NoResolverAnswers(const v1::StepSummary& resolve) {
  return resolve.failure() == v1::RESOLVER_FAILED || resolve.failure() == v1::TIMED_OUT ||
         resolve.failure() == v1::UNREACHABLE || resolve.failure() == v1::REFUSED;
}

// The reference knows another server there than at its own addresses, by the identifiers that they tell.
bool AnotherServerAt(const View& view, const Names& names, const std::string& address) {
  const v1::SideOutcome* there = OutcomeAt(view, address, view.reference_name);
  if (there == nullptr) return false;
  const auto ids = compare::ServerIdentities(*there, false);
  for (const std::string& own : AddressesOf(*names.reference)) {
    const v1::SideOutcome* home = OutcomeAt(view, own, view.reference_name);
    if (home == nullptr || own == address) continue;
    const auto theirs = compare::ServerIdentities(*home, false);
    const bool shared = std::any_of(ids.begin(), ids.end(), [&](const auto& id) { return theirs.contains(id); });
    if (!ids.empty() && !theirs.empty() && !shared) return true;
  }
  return false;
}

}  // namespace

Reading ReferenceResolves(const View& view) {
  const Names names = ReadNames(view);
  if (names.reference == nullptr) return Unknown();
  Reading reading = If(Resolved(names.reference));
  if (reading.yes()) TellSet(view, names, view.reference_name, &reading);
  return reading;
}

Reading ReferenceCannotResolve(const View& view) {
  const Names names = ReadNames(view);
  if (names.reference == nullptr) return Unknown();
  Reading reading = If(Unresolved(names.reference));
  if (reading.yes()) TellSet(view, names, view.reference_name, &reading);
  return reading.Word("name", names.pair->host());
}

Reading SubjectCannotResolve(const View& view) {
  const Names names = ReadNames(view);
  if (names.subject == nullptr) return Unknown();
  Reading reading = If(Unresolved(names.subject));
  if (!reading.yes()) return reading;
  TellSet(view, names, view.subject_name, &reading);
  TellResolvers(view, names, &reading);
  return reading.Word("name", names.pair->host());
}

Reading SubjectsResolversAreSilent(const View& view) {
  const Names names = ReadNames(view);
  if (!Unresolved(names.subject)) return Unknown();
  return If(NoResolverAnswers(*names.subject));
}

Reading NoResolverAnswersAnybody(const View& view) {
  const Names names = ReadNames(view);
  if (!Unresolved(names.subject) || !Unresolved(names.reference)) return Unknown();
  return If(NoResolverAnswers(*names.subject) && NoResolverAnswers(*names.reference));
}

Reading NameLeadsHome(const View& view) {
  const std::vector<std::string> astray = Astray(view, ReadNames(view));
  if (astray.empty()) return Unknown();
  return If(std::all_of(astray.begin(), astray.end(), &IsOwnHostAddress));
}

Reading NameLeadsElsewhere(const View& view) {
  const Names names = ReadNames(view);
  if (!Resolved(names.reference) || !Resolved(names.subject)) return Unknown();
  const std::vector<std::string> astray = Astray(view, names);
  if (astray.empty()) return No();
  Reading reading = Yes();
  TellSet(view, names, view.reference_name, &reading);
  TellSet(view, names, view.subject_name, &reading);
  TellCross(view, names, &reading);
  TellResolvers(view, names, &reading);
  return reading.Word("name", names.pair->host()).Word("astray", absl::StrJoin(astray, ", "));
}

Reading OwnAddressDeadForBoth(const View& view) {
  const std::vector<std::string> astray = Astray(view, ReadNames(view));
  if (astray.empty()) return Unknown();
  // Old addresses of the same VPC: private ones, silent for the reference too.
  return If(std::all_of(astray.begin(), astray.end(), [&](const std::string& address) {
    return IsPrivateAddress(address) && FailsAt(view, address, view.reference_name) &&
           FailsAt(view, address, view.subject_name);
  }));
}

Reading OwnAddressWorksFromReference(const View& view) {
  const Names names = ReadNames(view);
  const std::vector<std::string> astray = Astray(view, names);
  if (astray.empty()) return Unknown();
  Reading reading = Yes();
  for (const std::string& address : astray) {
    const v1::SideOutcome* there = OutcomeAt(view, address, view.reference_name);
    if (there == nullptr) return Unknown();
    if (!compare::Fine(*there) || AnotherServerAt(view, names, address)) return No();
    reading.Because(absl::StrCat(address, " works from ", view.reference_name, " too: the name is not what fails"),
                    view.reference_name);
  }
  return reading;
}

Reading NameMisleads(const View& view) {
  const Names names = ReadNames(view);
  const std::vector<std::string> astray = Astray(view, names);
  if (astray.empty() || view.status == v1::HEALTHY) return astray.empty() ? Unknown() : No();
  const bool fails = std::any_of(astray.begin(), astray.end(),
                                 [&](const std::string& address) { return FailsAt(view, address, view.subject_name); });
  if (OwnAddressWorksFromReference(view).yes()) return No();
  return Yes().Word("misleads", fails ? "it leads to the wrong place" : "");
}

Reading SubjectHasNoNetwork(const View& view) {
  if (view.subject == nullptr) return Unknown();
  const v1::StepSummary* connect = StepOf(view.ours, v1::CONNECT);
  return If(view.subject->banner().failure() == v1::NO_ROUTE ||
            (connect != nullptr && connect->failure() == v1::NO_ROUTE));
}

}  // namespace parallax::diagnose
