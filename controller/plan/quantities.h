// Durations and sizes as people write them. Pure; thread-safe. Errors show a right one.
#ifndef PARALLAX_CONTROLLER_PLAN_QUANTITIES_H_
#define PARALLAX_CONTROLLER_PLAN_QUANTITIES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace parallax::plan {

inline constexpr int64_t kSecondMs = 1000;
inline constexpr int64_t kMinuteMs = 60 * kSecondMs;
inline constexpr int64_t kHourMs = 60 * kMinuteMs;

// "500ms", "5s", "1m" (or "1min"), "2h" in milliseconds, within [min_ms, max_ms]. InvalidArgument says which.
absl::StatusOr<int64_t> ParseDuration(std::string_view text, int64_t min_ms, int64_t max_ms);

// "512", "64kB" (1000), "64KiB" (1024), "1MB", "1MiB" in bytes, at most contract::kMaxClientBytes.
absl::StatusOr<uint64_t> ParseBytes(std::string_view text);

// "1h", "90s", "500ms": the inverse of ParseDuration.
std::string DurationText(int64_t ms);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_QUANTITIES_H_
