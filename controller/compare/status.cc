#include "controller/compare/status.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compare/client.h"
#include "controller/compare/difference.h"
#include "controller/compare/ladder.h"
#include "controller/compare/login.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/pairs.h"
#include "controller/compare/password_use.h"
#include "controller/compare/roles.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

const v1::SideSummary* Summary(const v1::Comparison& comparison, std::string_view name) {
  for (const v1::SideSummary& side : comparison.sides()) {
    if (side.name() == name) return &side;
  }
  return nullptr;
}

// Nothing failed there, and it is not health all the same: a tcp target whose connect may be anybody's.
bool Unproved(const v1::Run& run, const v1::Comparison& comparison, const v1::SideSummary& side) {
  if (side.has_health()) return false;
  const std::vector<const v1::Pair*> own = OwnPairs(run, comparison, side);
  return !side.healthy() && !own.empty() && std::all_of(own.begin(), own.end(), [&](const v1::Pair* pair) {
    const v1::SideOutcome* outcome = FindSide(*pair, side.name());
    // Spoken to directly, the tunnel says that it does not get there: that is a failure, whatever the connect said.
    const std::string endpoint = HostPort(pair->address(), pair->port());
    const bool denied = std::any_of(side.socks().begin(), side.socks().end(), [&](const v1::Step& step) {
      return step.socks().destination() == endpoint && step.failure() != v1::NONE;
    });
    return outcome != nullptr && Fine(*outcome) && !denied;
  });
}

bool OtherIdentity(const v1::Comparison& comparison, const Roles& roles) {
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    const v1::SideOutcome* reference = FindSide(*pair, roles.reference);
    const v1::SideOutcome* subject = FindSide(*pair, roles.subject);
    if (reference != nullptr && subject != nullptr && IdentitiesDiffer(*reference, *subject)) return true;
  }
  // With names that lead elsewhere, each side's own server is what its applications meet.
  const v1::SideSummary* reference = Summary(comparison, roles.reference);
  const v1::SideSummary* subject = Summary(comparison, roles.subject);
  // The members of one cluster have a certificate each, and one identifier.
  const bool same_server =
      !reference->server_identity().empty() && reference->server_identity() == subject->server_identity();
  return !same_server && !reference->identity().empty() && !subject->identity().empty() &&
         reference->identity() != subject->identity() &&
         !std::equal(reference->addresses().begin(), reference->addresses().end(), subject->addresses().begin(),
                     subject->addresses().end());
}

// Under sslmode=prefer both work all the same, and one of them in plain text.
bool TlsOnOneSideOnly(const v1::Comparison& comparison, const Roles& roles) {
  const std::vector<const v1::Pair*> targets = PairsWith(comparison, v1::TARGET);
  return std::any_of(targets.begin(), targets.end(), [&](const v1::Pair* pair) {
    std::set<std::string> answers;
    for (const std::string& name : {roles.reference, roles.subject}) {
      const v1::SideOutcome* outcome = FindSide(*pair, name);
      const v1::StepSummary* asked = outcome == nullptr ? nullptr : FindStep(*outcome, v1::SSL_REQUEST, "");
      if (asked != nullptr) answers.insert(asked->sample().peer_bytes().head());
    }
    return answers.contains("S") && answers.contains("N");
  });
}

// The ways in at all addresses that the side's own name leads to.
std::set<std::string> OwnLogins(const v1::Run& run, const v1::Comparison& comparison, const v1::SideSummary& side) {
  std::set<std::string> logins;
  for (const v1::Pair* pair : OwnPairs(run, comparison, side)) {
    const v1::SideOutcome* outcome = FindSide(*pair, side.name());
    if (outcome != nullptr && Fine(*outcome)) logins.merge(Logins(*outcome));
  }
  return logins;
}

// Both work, and were not let in alike: at one address, or each at its own. In words; "" when they were.
std::string LetInOtherwise(const v1::Run& run, const v1::Comparison& comparison, const Roles& roles) {
  const auto words = [&](const std::set<std::string>& reference, const std::set<std::string>& subject) {
    if (!LoginsDiffer(reference, subject)) return std::string();
    return absl::StrCat("both work, and the server lets them in in other ways: ", absl::StrJoin(reference, " or "), " ",
                        roles.reference, ", ", absl::StrJoin(subject, " or "), " ", roles.subject);
  };
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    const v1::SideOutcome* reference = FindSide(*pair, roles.reference);
    const v1::SideOutcome* subject = FindSide(*pair, roles.subject);
    if (reference == nullptr || subject == nullptr || !Fine(*reference) || !Fine(*subject)) continue;
    if (const std::string differ = words(Logins(*reference), Logins(*subject)); !differ.empty()) return differ;
  }
  const v1::SideSummary* reference = Summary(comparison, roles.reference);
  const v1::SideSummary* subject = Summary(comparison, roles.subject);
  return words(OwnLogins(run, comparison, *reference), OwnLogins(run, comparison, *subject));
}

// Both work, and the server showed one of them alone who it is. In words; "" when it is not so.
std::string ShownToOneOnly(const v1::Comparison& comparison, const Roles& roles) {
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    const v1::SideOutcome* reference = FindSide(*pair, roles.reference);
    const v1::SideOutcome* subject = FindSide(*pair, roles.subject);
    if (reference == nullptr || subject == nullptr) continue;
    const std::string side = IdentityHiddenFrom(*reference, *subject);
    if (side.empty()) continue;
    return absl::StrCat("both work, and ", side, " alone is not shown which server it is: ",
                        IdentityCell(side == roles.reference ? *reference : *subject));
  }
  return "";
}

// The password that was given could not be taken there, and why: the side went as far as it goes without. "" else.
std::string LacksPassword(const v1::Run& run, const v1::Comparison& comparison, const v1::SideSummary& side) {
  if (!comparison.target().credentials()) return "";
  for (const v1::Pair* pair : OwnPairs(run, comparison, side)) {
    const v1::SideOutcome* outcome = FindSide(*pair, side.name());
    const v1::StepSummary* step = outcome == nullptr ? nullptr : MainStep(*outcome, v1::AUTHENTICATION);
    if (step == nullptr || step->failure() != v1::NONE) continue;
    const v1::AuthDetails& auth = step->sample().auth();
    if (auth.credentials_present() || auth.used() == "trust") continue;
    return step->sample().text().empty() ? "it was not found" : step->sample().text();
  }
  return "";
}

// It went as far as a password matters.
bool CameToThePassword(const v1::Run& run, const v1::Comparison& comparison, const v1::SideSummary& side) {
  const std::vector<const v1::Pair*> own = OwnPairs(run, comparison, side);
  return std::any_of(own.begin(), own.end(), [&](const v1::Pair* pair) {
    const v1::SideOutcome* outcome = FindSide(*pair, side.name());
    return outcome != nullptr && MainStep(*outcome, v1::AUTHENTICATION) != nullptr;
  });
}

std::string ClientNotAsked(const ClientSays& client) {
  return absl::StrCat("the real client could not be asked: ", client.why_not);
}

std::string LostBeforeTheEnd(const v1::SideSummary& side) {
  return absl::StrCat(side.name(), " was lost before the end: ", side.missing());
}

struct Decided {
  v1::Status status = v1::STATUS_UNSPECIFIED;
  std::string why;
};
Decided Decide(v1::Status status, std::string why) { return {status, std::move(why)}; }

// Asked from one place only, on purpose.
Decided OfOneSide(const v1::Run& run, const v1::Comparison& comparison) {
  const v1::SideSummary& side = comparison.sides(0);
  if (side.present() && !side.unlike() && side.healthy()) {
    const ClientSays client = ReadClient(comparison, side);
    if (!side.missing().empty()) return Decide(v1::CANNOT_TELL, LostBeforeTheEnd(side));
    if (!client.why_not.empty()) return Decide(v1::CANNOT_TELL, ClientNotAsked(client));
    const std::string lacks = LacksPassword(run, comparison, side);
    if (!lacks.empty()) return Decide(v1::CANNOT_TELL, absl::StrCat("there is no password to log in with: ", lacks));
    if (const std::string unused = WhyPasswordUnused(run, comparison, side); !unused.empty() && !client.failed)
      return Decide(v1::CANNOT_TELL, absl::StrCat("nobody knows whether the password is right: ", unused));
    if (!client.failed) return Decide(v1::HEALTHY, "probed from one side only");
  }
  if (Unproved(run, comparison, side)) {
    return Decide(v1::CANNOT_TELL, "it connects, and no control shows that a connect means anything there");
  }
  const bool failed = side.healthy() ? ReadClient(comparison, side).failed : true;
  if (side.present() && !side.unlike() && failed) {
    return Decide(v1::FAILED, "it fails there; whose fault that is cannot be told from one side");
  }
  return Decide(v1::CANNOT_TELL, "probed from one side only: there is nothing to compare it with");
}

// The subject against the reference. The first view speaks for the comparison: witnesses that fail count there too.
Decided OfView(const v1::Run& run, const v1::Comparison& comparison, const Roles& roles, bool first) {
  for (const std::string& name : {roles.reference, roles.subject}) {
    const v1::SideSummary* side = Summary(comparison, name);
    if (side == nullptr || !side->present()) return Decide(v1::CANNOT_TELL, absl::StrCat(name, " is missing"));
  }
  for (const v1::SideSummary& side : comparison.sides()) {
    // A witness that could not be asked takes nothing from the two sides that are compared.
    if ((side.name() == roles.reference || side.name() == roles.subject) && side.unlike())
      return Decide(v1::CANNOT_TELL, absl::StrCat(side.name(), ": ", side.unlike_why()));
  }
  const v1::SideSummary& reference = *Summary(comparison, roles.reference);
  const v1::SideSummary& subject = *Summary(comparison, roles.subject);
  // A connect that nothing vouches for is neither health nor a fault.
  const bool reference_open = Unproved(run, comparison, reference);
  const bool subject_open = Unproved(run, comparison, subject);
  const bool says_no = subject_open && reference.has_health() && !reference.healthy();
  if ((reference_open && (subject_open || subject.healthy())) || (subject_open && reference.healthy()) || says_no) {
    return Decide(v1::CANNOT_TELL, absl::StrCat(subject_open ? roles.subject : roles.reference,
                                                " connects, and no control shows that a connect means anything there"));
  }
  // Without the password a side says nothing of what the other met with it.
  for (const auto& [side, other] : {std::pair(&reference, &subject), std::pair(&subject, &reference)}) {
    const std::string lacks = LacksPassword(run, comparison, *side);
    if (lacks.empty() || !CameToThePassword(run, comparison, *other)) continue;
    return Decide(v1::CANNOT_TELL, absl::StrCat(side->name(), " has no password to log in with: ", lacks));
  }
  if (reference.healthy() != subject.healthy()) {
    return Decide(v1::DIVERGED,
                  absl::StrCat(reference.healthy() ? roles.subject : roles.reference, " fails, the other does not"));
  }
  if (!reference.healthy()) return Decide(v1::BOTH_FAILED, "both sides fail");
  if (OtherIdentity(comparison, roles)) return Decide(v1::DIVERGED, "both work, with different servers");
  if (TlsOnOneSideOnly(comparison, roles)) return Decide(v1::DIVERGED, "both work, one of them without TLS");
  for (std::string differ : {LetInOtherwise(run, comparison, roles), ShownToOneOnly(comparison, roles)}) {
    if (!differ.empty()) return Decide(v1::DIVERGED, std::move(differ));
  }
  for (const v1::Pair* pair : PairsWith(comparison, v1::TARGET)) {
    const std::string differ = AnswersDiffer(*pair, roles);
    if (!differ.empty()) return Decide(v1::DIVERGED, differ);
  }
  // The real client last: it may make a run that is well otherwise worse, and never one better.
  const ClientSays client_of_reference = ReadClient(comparison, reference);
  const ClientSays client_of_subject = ReadClient(comparison, subject);
  for (const auto& [side, says] :
       {std::pair(&reference, &client_of_reference), std::pair(&subject, &client_of_subject)}) {
    if (says->why_not.empty()) continue;
    return Decide(v1::CANNOT_TELL,
                  absl::StrCat("every probe is alike, and ", side->name(), " ", ClientNotAsked(*says)));
  }
  if (client_of_reference.failed && client_of_subject.failed) {
    return Decide(v1::BOTH_FAILED, "every probe is alike, and the real client fails on both sides");
  }
  if (client_of_reference.failed || client_of_subject.failed) {
    return Decide(v1::DIVERGED, absl::StrCat("every probe is alike, and the real client fails ",
                                             client_of_subject.failed ? roles.subject : roles.reference));
  }
  // What a side that was lost did not say could have been anything; that it was lost could be a part of the fault.
  for (const v1::SideSummary* side : {&reference, &subject}) {
    if (!side->missing().empty()) return Decide(v1::CANNOT_TELL, LostBeforeTheEnd(*side));
  }
  for (const v1::SideSummary& side : comparison.sides()) {
    if (!first || !side.present() || side.unlike() || side.healthy() || Unproved(run, comparison, side)) continue;
    return Decide(v1::DIVERGED, absl::StrCat(roles.reference, " and ", roles.subject, " are healthy and alike, and ",
                                             side.name(), " fails"));
  }
  // What was given and never put to use was not tried: that is no health of the login.
  for (const v1::SideSummary* side : {&reference, &subject}) {
    const std::string unused = WhyPasswordUnused(run, comparison, *side);
    if (!unused.empty()) return Decide(v1::CANNOT_TELL, absl::StrCat(side->name(), ": ", unused));
  }
  return Decide(v1::HEALTHY, "every side is healthy and alike");
}

}  // namespace

void DecideStatus(const v1::Run& run, v1::Comparison* made) {
  const v1::Comparison& comparison = *made;
  const bool alone = comparison.sides_size() == 1;
  for (v1::ViewSummary& view : *made->mutable_views()) {
    const bool first = &view == &made->views(0);
    Decided decided =
        alone ? OfOneSide(run, comparison) : OfView(run, comparison, {view.subject(), view.reference()}, first);
    view.set_status(decided.status);
    view.set_status_why(std::move(decided.why));
  }
  made->set_status(made->views(0).status());
  made->set_status_why(made->views(0).status_why());
}

}  // namespace parallax::compare
