// What the tests of this room ask of a comparison. No threads.
#ifndef PARALLAX_CONTROLLER_COMPARE_COMPARED_FOR_TEST_H_
#define PARALLAX_CONTROLLER_COMPARE_COMPARED_FOR_TEST_H_

#include <string>
#include <vector>

#include "parallax/v1/comparison.pb.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {

inline constexpr char kPair[] = "postgres 10.0.4.172:5432";

// The comparison of the run's one target.
v1::Comparison Compared(const support::RunBuilder& builder);
// A failed expectation where there is none of that name.
v1::SideSummary SideOf(const v1::Comparison& comparison, const std::string& name = "outside");
v1::Pair PairOf(const v1::Comparison& comparison, const std::string& probe = kPair);
// Attempts numbered from 1, summarized.
v1::SideOutcome Summary(std::vector<support::Attempt> attempts);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_COMPARED_FOR_TEST_H_
