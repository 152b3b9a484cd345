// Cases of the catalogue: a run, and what is to be said of one cause there. Each cause that is told has one where it is
// found and one where it is not, although its neighbour's evidence is there. Pure; thread-safe.
#ifndef PARALLAX_TESTS_SUPPORT_CAUSE_CASES_H_
#define PARALLAX_TESTS_SUPPORT_CAUSE_CASES_H_

#include <span>
#include <string_view>
#include <vector>

#include "parallax/v1/comparison.pb.h"
#include "tests/support/run_builder.h"

namespace parallax::support {

// How the cause stands among the findings.
enum class Standing {
  kVerdict,    // it is the verdict
  kExplained,  // it is found, as another's consequence
  kBeside,     // it is found as a note, a warning, or beside the verdict
  kAbsent,     // it is not found
};

struct CauseCase {
  std::string_view cause;
  Standing standing;
  v1::Status status;
  std::string_view sentence;
  RunBuilder (*build)();
};

// All of them, family by family.
const std::vector<CauseCase>& CauseCases();

std::span<const CauseCase> NamesCases();    // cases_of_names.cc
std::span<const CauseCase> TunnelsCases();  // cases_of_tunnels.cc
std::span<const CauseCase> BeyondCases();   // cases_of_beyond.cc
std::span<const CauseCase> TargetsCases();  // cases_of_targets.cc
std::span<const CauseCase> TlsCases();      // cases_of_tls.cc
std::span<const CauseCase> LoginsCases();   // cases_of_logins.cc
std::span<const CauseCase> SidesCases();    // cases_of_sides.cc

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_CAUSE_CASES_H_
