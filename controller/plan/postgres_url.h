// The URL of a postgres target as it is kept and shown. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_POSTGRES_URL_H_
#define PARALLAX_CONTROLLER_PLAN_POSTGRES_URL_H_

#include <string>

#include "parallax/v1/run.pb.h"

namespace parallax::plan {

// Normal form: all that is honoured, no password. It parses to the same target wherever it is read.
std::string PostgresUrlOf(const v1::Target& target);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_POSTGRES_URL_H_
