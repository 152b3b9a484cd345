// URLs are stored and shown, so what looks like a secret may not stand in one. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_URL_SECRETS_H_
#define PARALLAX_CONTROLLER_PLAN_URL_SECRETS_H_

#include <string_view>

#include "absl/status/status.h"

namespace parallax::plan {

// InvalidArgument, with the name of the parameter and never its value, for the path and query of an HTTP URL in which a
// parameter is a secret, by its name or by its value (contract/secret_names.h). It says what is wrong and what to do;
// the caller says in which target.
absl::Status CheckNoSecret(std::string_view path_and_query);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_URL_SECRETS_H_
