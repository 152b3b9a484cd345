// The pairs of a comparison, by what they are about. The pointers are borrowed from it. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_PAIRS_H_
#define PARALLAX_CONTROLLER_COMPARE_PAIRS_H_

#include <vector>

#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::compare {

// In the plan's order.
std::vector<const v1::Pair*> PairsWith(const v1::Comparison& comparison, v1::Role role);

// The target's pairs that this side's own name leads to: what its applications would dial.
std::vector<const v1::Pair*> OwnPairs(const v1::Run& run, const v1::Comparison& comparison,
                                      const v1::SideSummary& side);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_PAIRS_H_
