// Which target an error is about, and what a right one looks like. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_TARGET_ERROR_H_
#define PARALLAX_CONTROLLER_PLAN_TARGET_ERROR_H_

#include <string_view>

#include "absl/status/status.h"

namespace parallax::plan {

// "target tcp://db.internal: WHAT; a right one is tcp://db.internal:5432". Of the URL, which may hold a password in any
// part, no more than scheme and host are shown, and not the host where that may be a piece of one.
absl::Status InTarget(std::string_view url, const absl::Status& what);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_TARGET_ERROR_H_
