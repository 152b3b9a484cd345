// Values of flags, and of experiments, as users write them. Pure; thread-safe. InvalidArgument shows a right one.
#ifndef PARALLAX_CONTROLLER_PLAN_VALUES_H_
#define PARALLAX_CONTROLLER_PLAN_VALUES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "parallax/v1/session.pb.h"

namespace parallax::plan {

// "5s", "500ms", "1m" in milliseconds: from 10 ms to 10 min.
absl::StatusOr<int64_t> ParseDurationMs(std::string_view text);

// "outside:db.internal:5432:127.0.0.1:15432"; IPv6 addresses in brackets. The side and its map.
absl::StatusOr<std::pair<std::string, v1::ConnectTo>> ParseConnectTo(std::string_view text);

// "NAME=VANTAGE". NAME: letters, digits, '-' and '_', at most 32, and neither inside nor outside.
absl::StatusOr<std::pair<std::string, std::string>> ParseWitness(std::string_view text);

// What a --password-from may hold: env:NAME, file:PATH, exec:COMMAND, controller:NAME. Never repeats the value: it may
// be the password itself.
absl::Status CheckSecretRef(std::string_view ref);

// The name most like `word` (Levenshtein), "" when none is like it.
std::string Nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_VALUES_H_
