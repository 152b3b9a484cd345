#include "controller/compare/client.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compare/outcomes.h"
#include "controller/compare/words.h"

namespace parallax::compare {
namespace {

// A program that is not installed or that died, a descriptor that could not be had: nothing that the network did.
bool IsOurOwnTrouble(const v1::SideOutcome& outcome) {
  return !outcome.error().empty() || outcome.failure() == v1::UNSUPPORTED || outcome.failure() == v1::LOCAL_RESOURCE ||
         outcome.failure() == v1::DENIED_BY_POLICY || outcome.failure() == v1::CANCELLED;
}

// The side dials this address: its own name leads there, or the name leads nowhere that the plan knows.
bool Dials(const v1::SideSummary& side, const v1::Pair& pair) {
  const auto& addresses = side.addresses();
  return addresses.empty() || std::find(addresses.begin(), addresses.end(), pair.address()) != addresses.end();
}

bool TargetFails(const v1::Comparison& comparison, const v1::Pair& client, const v1::SideSummary& side) {
  return std::any_of(comparison.pairs().begin(), comparison.pairs().end(), [&](const v1::Pair& pair) {
    const bool same = pair.role() == v1::TARGET && pair.address() == client.address() && pair.port() == client.port();
    const v1::SideOutcome* outcome = same ? FindSide(pair, side.name()) : nullptr;
    return outcome != nullptr && outcome->present() && !Fine(*outcome);
  });
}

}  // namespace

ClientSays ReadClient(const v1::Comparison& comparison, const v1::SideSummary& side) {
  ClientSays says;
  if (side.has_health()) return says;  // an endpoint runs no client of ours
  for (const v1::Pair& pair : comparison.pairs()) {
    if (pair.role() != v1::CLIENT || !Dials(side, pair)) continue;
    if (says.pair == nullptr) says.pair = &pair;
    const v1::SideOutcome* outcome = FindSide(pair, side.name());
    if (outcome == nullptr || !outcome->present()) {
      says.why_not = absl::StrCat("it did not run ", pair.probe());
      continue;
    }
    // Where the target's own probe fails, its client only says the same again.
    if (TargetFails(comparison, pair, side)) continue;
    says.asked = true;
    if (Fine(*outcome)) continue;
    if (IsOurOwnTrouble(*outcome)) {
      says.why_not = outcome->error().empty() ? absl::StrCat(pair.probe(), " could not be asked") : outcome->error();
    } else if (!says.failed) {
      says.failed = true;
      says.pair = &pair;
    }
  }
  says.asked = says.asked && says.why_not.empty();
  return says;
}

}  // namespace parallax::compare
