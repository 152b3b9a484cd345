#include "tests/support/cause_cases.h"

namespace parallax::support {

const std::vector<CauseCase>& CauseCases() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<CauseCase>();
    for (const auto family :
         {NamesCases(), TunnelsCases(), BeyondCases(), TargetsCases(), TlsCases(), LoginsCases(), SidesCases()}) {
      all->insert(all->end(), family.begin(), family.end());
    }
    return all;
  }();
  return *kAll;
}

}  // namespace parallax::support
