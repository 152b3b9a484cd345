// Connection strings that name several hosts. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_SEVERAL_HOSTS_H_
#define PARALLAX_CONTROLLER_PLAN_SEVERAL_HOSTS_H_

#include "absl/status/status.h"
#include "controller/plan/conninfo.h"

namespace parallax::plan {

// libpq would try them in turn; a comparison is of one place at a time. InvalidArgument for several, with a target for
// each, ready to be pasted, where that is short and shows no password.
absl::Status CheckOneHost(const Conninfo& info);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_SEVERAL_HOSTS_H_
