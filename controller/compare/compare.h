// From a Run to one Comparison a target. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_COMPARE_H_
#define PARALLAX_CONTROLLER_COMPARE_COMPARE_H_

#include <vector>

#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::compare {

// One Comparison for each of run.targets, in order. Never fails: what is missing is said to be missing.
std::vector<v1::Comparison> Compare(const v1::Run& run);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_COMPARE_H_
