// Are this side's connects answered on this very host, whatever lies behind? Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_COMPARE_LOCALITY_H_
#define PARALLAX_CONTROLLER_COMPARE_LOCALITY_H_

#include <vector>

#include "parallax/v1/comparison.pb.h"

namespace parallax::compare {

// A connect time under this share of a round trip to the bastion is local; best of all attempts.
inline constexpr double kLocalShare = 0.2;
// Under it, timing alone is no evidence.
inline constexpr int64_t kMinTellingRttNs = 10'000'000;

// The carrier cannot carry a byte to anywhere: its process is known, its bastion too, and it has no established
// connection of its own. Never said of a tunnel over UDP, which has none when it is well.
bool CarrierCannotCarry(const v1::SideSummary& side);

// Fill controls, then reference_rtt_ns, locality and locality_why of `*side`, from the pairs of its target and controls
// and the routes to them. Controls are judged usable by what the reference saw.
void FillControls(const std::vector<const v1::Pair*>& pairs, const std::vector<const v1::Pair*>& routes,
                  v1::SideSummary* side);
void FillLocality(const std::vector<const v1::Pair*>& pairs, v1::SideSummary* side);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_LOCALITY_H_
