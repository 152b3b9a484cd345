// How much one plan may ask for. A controller that leaves, or lies, must not have made an agent promise days of work or
// a disk full of observations. Pure; thread-safe.
#ifndef PARALLAX_CONTRACT_WORK_H_
#define PARALLAX_CONTRACT_WORK_H_

#include <cstdint>

#include "absl/status/status.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::contract {

// Of all attempts together. Far above what experiments use: 1,000 attempts of 60 probes that may take 12 s each are
// 60,000 observations and 200 hours, of which a target that answers uses a few minutes.
inline constexpr uint64_t kMaxPlanObservations = 100'000;
inline constexpr int64_t kMaxPlanHours = 500;                          // of probing: probes side by side are added up
inline constexpr uint64_t kMaxPlanBytes = 16ULL * 1024 * 1024 * 1024;  // that the plan asks to be moved

// InvalidArgument, with the number and the bound, when `attempts` of the plan's probes are more than these. The probes'
// own limits have been checked (ValidatePlan).
absl::Status CheckWork(const v1::Plan& plan, uint32_t attempts);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_WORK_H_
