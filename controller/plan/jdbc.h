// pgjdbc's URLs: "jdbc:postgresql://h:p/db?user=app&ssl=true" (https://jdbc.postgresql.org/documentation/use/). Its
// properties become libpq's settings where both know the thing. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_JDBC_H_
#define PARALLAX_CONTROLLER_PLAN_JDBC_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "controller/plan/conninfo.h"

namespace parallax::plan {

// `rest` is what follows "jdbc:". Errors as ParseConninfo().
absl::StatusOr<Conninfo> ParseJdbc(std::string_view rest);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_JDBC_H_
