// Where the sides of one pair part. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_DIFFERENCE_H_
#define PARALLAX_CONTROLLER_COMPARE_DIFFERENCE_H_

#include <optional>
#include <string>

#include "controller/compare/roles.h"
#include "parallax/v1/comparison.pb.h"

namespace parallax::compare {

// The first step, in the order in which probes go, at which the reference and the subject of the pair are not alike:
// one did not reach it, they failed in other ways, or both succeeded with other addresses, bytes, certificates, ways in
// or identities of the server: the kind says which. nullopt when they are alike, or one of them was not observed.
std::optional<v1::Difference> FirstDifference(const v1::Pair& pair, const Roles& roles = {});

// Both sides are fine at this target, and what they got is not the same although nobody said what it should be: other
// HTTP statuses. In words; "" when it is the same.
std::string AnswersDiffer(const v1::Pair& pair, const Roles& roles = {});

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_DIFFERENCE_H_
