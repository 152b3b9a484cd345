#include "controller/compare/difference.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/steps.h"
#include "controller/compare/ladder.h"
#include "controller/compare/login.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

constexpr std::string_view kLast = "last";

// The steps of a pair that are put side by side, in order: kind and variant. An expectation is a variant of its own;
// so are what a followed redirect leads to, and the end of a session that was held.
std::vector<std::pair<v1::StepKind, std::string>> ComparedSteps(const v1::Pair& pair, const v1::SideOutcome& reference,
                                                                const v1::SideOutcome& subject) {
  std::vector<std::pair<v1::StepKind, std::string>> steps;
  for (const contract::StepInfo& about : contract::Steps()) {
    if (about.compared) steps.emplace_back(about.kind, pair.role() == v1::NAME ? "system" : "");
  }
  for (const v1::SideOutcome* outcome : {&reference, &subject}) {
    for (const v1::StepSummary& step : outcome->steps()) {
      const bool later_hop = pair.kind() == "http" && !step.variant().empty();
      const bool held = step.variant() == kHeld;
      if (step.kind() == v1::EXPECTATION || later_hop || held) steps.emplace_back(step.kind(), step.variant());
    }
  }
  return steps;
}

using Statuses = std::set<uint32_t>;

// The HTTP statuses over all attempts: of one hop, or ("last") of that which came at last in each.
Statuses StatusesOf(const v1::SideOutcome& outcome, std::string_view variant) {
  Statuses statuses;
  for (const v1::Observation& observation : outcome.observations()) {
    uint32_t status = 0;
    for (const v1::Step& step : observation.steps()) {
      if (step.kind() != v1::REQUEST || step.http().status() == 0) continue;
      if (variant == kLast || step.variant() == variant) status = step.http().status();
    }
    if (status > 0) statuses.insert(status);
  }
  return statuses;
}

// Nobody said which status it should be, and none of one side came on the other. Some servers answer one way now and
// another then; that is no difference of the sides.
bool StatusesDiffer(const v1::Pair& pair, const v1::SideOutcome& reference, const v1::SideOutcome& subject,
                    std::string_view variant) {
  if (pair.kind() != "http" || !pair.spec().http().expect().empty()) return false;
  const Statuses in = StatusesOf(reference, variant);
  const Statuses out = StatusesOf(subject, variant);
  return !in.empty() && !out.empty() &&
         std::none_of(in.begin(), in.end(), [&](uint32_t status) { return out.contains(status); });
}

// Both were tried. What a success says beyond being one is compared, too. Unspecified when they are alike.
v1::DifferenceKind Differ(const v1::Pair& pair, const v1::SideOutcome& in, const v1::SideOutcome& out,
                          const v1::StepSummary& reference, const v1::StepSummary& subject) {
  if (FailureClass(reference.failure()) != FailureClass(subject.failure())) return v1::OUTCOME_DIFFERS;
  const auto answer_if = [](bool differs) { return differs ? v1::ANSWER_DIFFERS : v1::DIFFERENCE_KIND_UNSPECIFIED; };
  const v1::Step& left = reference.sample();
  const v1::Step& right = subject.sample();
  if (reference.kind() == v1::RESOLVE) {
    return answer_if(!std::equal(left.resolve().addresses().begin(), left.resolve().addresses().end(),
                                 right.resolve().addresses().begin(), right.resolve().addresses().end()));
  }
  if (reference.kind() == v1::REQUEST && StatusesDiffer(pair, in, out, reference.variant())) return v1::ANSWER_DIFFERS;
  if (reference.kind() == v1::SSL_REQUEST && left.peer_bytes().head() != right.peer_bytes().head()) {
    return v1::ANSWER_DIFFERS;
  }
  if (reference.kind() == v1::TLS_HANDSHAKE && reference.failure() == v1::NONE) {
    if (IdentitiesDiffer(in, out) && Certificates(in) != Certificates(out)) return v1::ANSWER_DIFFERS;
  }
  if (reference.kind() == v1::AUTHENTICATION && reference.failure() == v1::NONE &&
      LoginsDiffer(Logins(in), Logins(out))) {
    return v1::LOGIN_DIFFERS;
  }
  return answer_if(left.has_server_error() && left.server_error().code() != right.server_error().code());
}

std::string Words(const std::string& variant, const v1::StepSummary* step) {
  if (step == nullptr) return variant == kHeld ? "it lasted" : "not reached";
  return absl::StrCat(variant.starts_with("hop ") ? variant + ": " : "", StepCell(*step));
}

// Every step alike, and the servers are not, or one of them did not show who it is.
std::optional<v1::Difference> OfIdentity(const v1::SideOutcome& reference, const v1::SideOutcome& subject) {
  const bool differ = IdentitiesDiffer(reference, subject);
  if (!differ && IdentityHiddenFrom(reference, subject).empty()) return std::nullopt;
  v1::Difference difference;
  difference.set_step(v1::QUERY);
  difference.set_variant(kIdentity);
  difference.set_kind(differ ? v1::IDENTITY_DIFFERS : v1::IDENTITY_ONE_SIDED);
  difference.set_inside(IdentityCell(reference));
  difference.set_outside(IdentityCell(subject));
  return difference;
}

}  // namespace

std::optional<v1::Difference> FirstDifference(const v1::Pair& pair, const Roles& roles) {
  const v1::SideOutcome* reference = FindSide(pair, roles.reference);
  const v1::SideOutcome* subject = FindSide(pair, roles.subject);
  if (reference == nullptr || subject == nullptr || !reference->present() || !subject->present()) return std::nullopt;
  for (const auto& [kind, variant] : ComparedSteps(pair, *reference, *subject)) {
    const v1::StepSummary* left = FindStep(*reference, kind, variant);
    const v1::StepSummary* right = FindStep(*subject, kind, variant);
    if (left == nullptr && right == nullptr) continue;
    const bool both = left != nullptr && right != nullptr;
    const v1::DifferenceKind differs = both ? Differ(pair, *reference, *subject, *left, *right) : v1::OUTCOME_DIFFERS;
    if (differs == v1::DIFFERENCE_KIND_UNSPECIFIED) continue;
    v1::Difference difference;
    difference.set_kind(differs);
    difference.set_step(kind);
    if (pair.role() != v1::NAME) difference.set_variant(variant);
    difference.set_inside(Words(variant, left));
    difference.set_outside(Words(variant, right));
    return difference;
  }
  return OfIdentity(*reference, *subject);
}

std::string AnswersDiffer(const v1::Pair& pair, const Roles& roles) {
  const v1::SideOutcome* in = FindSide(pair, roles.reference);
  const v1::SideOutcome* out = FindSide(pair, roles.subject);
  if (in == nullptr || out == nullptr || !Fine(*in) || !Fine(*out)) return "";
  if (!StatusesDiffer(pair, *in, *out, kLast)) return "";
  return absl::StrCat("both are answered, with status ", absl::StrJoin(StatusesOf(*in, kLast), " or "), " ",
                      roles.reference, " and ", absl::StrJoin(StatusesOf(*out, kLast), " or "), " ", roles.subject);
}

}  // namespace parallax::compare
