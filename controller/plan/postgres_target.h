// From the settings of a connection string, and what libpq would look at beside it, to a target. The order is libpq's:
// what is written, then the service, then the environment, then the defaults. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_POSTGRES_TARGET_H_
#define PARALLAX_CONTROLLER_PLAN_POSTGRES_TARGET_H_

#include "absl/status/statusor.h"
#include "controller/plan/conninfo.h"
#include "controller/plan/surroundings.h"
#include "controller/plan/target_url.h"

namespace parallax::plan {

// `around` null: only what is written is looked at, and a host may be missing. InvalidArgument says what is wrong,
// names the parameter and where it comes from, and repeats no password.
absl::StatusOr<ParsedTarget> ResolvePostgres(Conninfo info, const Surroundings* around);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_POSTGRES_TARGET_H_
