#include "controller/compare/roles.h"

namespace parallax::compare {

std::vector<Roles> RolesOf(const v1::Comparison& comparison) {
  std::vector<Roles> views(1);
  for (const v1::SideSummary& side : comparison.sides()) {
    if (side.name() != kReference && side.name() != kSubject) views.push_back({side.name(), kReference});
  }
  return views;
}

}  // namespace parallax::compare
