// Whether the password that was given was put to use: where it was not, nobody knows whether it is right. Pure;
// thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_PASSWORD_USE_H_
#define PARALLAX_CONTROLLER_COMPARE_PASSWORD_USE_H_

#include <string>

#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::compare {

// Why the password or the bearer token of this target was never sent on this side, by its own probe or by the real
// client: nobody asked for it, or it was withheld, and why. "" where it was used, where none was given, and where a run
// is so old that its agents did not say.
std::string WhyPasswordUnused(const v1::Run& run, const v1::Comparison& comparison, const v1::SideSummary& side);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_PASSWORD_USE_H_
