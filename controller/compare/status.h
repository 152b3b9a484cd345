// What the sides of a comparison come to together: healthy, diverged, both failed, or nobody can tell. Pure;
// thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_STATUS_H_
#define PARALLAX_CONTROLLER_COMPARE_STATUS_H_

#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::compare {

// Sets status and status_why, of the comparison and of each of its views. All else of `comparison`, which is of `run`,
// is filled in already; there is a view.
void DecideStatus(const v1::Run& run, v1::Comparison* comparison);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_STATUS_H_
