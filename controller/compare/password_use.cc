#include "controller/compare/password_use.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/pairs.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

constexpr char kNotAsked[] = "the server let it in without asking for the password that was given";

std::string Withheld(const std::string& why) { return absl::StrCat("the password was withheld: ", why); }

// Of one step, as the agent said it.
std::string OfStep(const v1::Step& step) {
  if (step.has_auth() && step.auth().password_unused()) {
    return step.auth().withheld() ? Withheld(step.auth().withheld_why()) : kNotAsked;
  }
  if (step.has_client() && step.client().password_unused() && step.failure() == v1::NONE) {
    return step.client().withheld_why().empty() ? kNotAsked : Withheld(step.client().withheld_why());
  }
  return "";
}

}  // namespace

std::string WhyPasswordUnused(const v1::Run& run, const v1::Comparison& comparison, const v1::SideSummary& side) {
  if (!comparison.target().credentials() || side.has_health()) return "";
  std::vector<const v1::Pair*> pairs = OwnPairs(run, comparison, side);
  const std::vector<const v1::Pair*> clients = PairsWith(comparison, v1::CLIENT);
  pairs.insert(pairs.end(), clients.begin(), clients.end());
  for (const v1::Pair* pair : pairs) {
    const v1::SideOutcome* outcome = FindSide(*pair, side.name());
    if (outcome == nullptr) continue;
    for (const v1::StepKind kind : {v1::AUTHENTICATION, v1::CLIENT_CONNECT}) {
      const v1::StepSummary* step = MainStep(*outcome, kind);
      const std::string why = step == nullptr ? "" : OfStep(step->sample());
      if (!why.empty()) return why;
    }
  }
  return "";
}

}  // namespace parallax::compare
