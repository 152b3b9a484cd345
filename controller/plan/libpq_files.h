// The two files of libpq: ~/.pg_service.conf and ~/.pgpass (PostgreSQL manual, "The Connection Service File", "The
// Password File"). Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_LIBPQ_FILES_H_
#define PARALLAX_CONTROLLER_PLAN_LIBPQ_FILES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/plan/conninfo.h"

namespace parallax::plan {

// The settings of [name] in the text of a service file; nullopt when no such group is there. Names are checked by the
// caller. InvalidArgument names the line, and shows nothing of it. `path` is for `from` and for errors.
absl::StatusOr<std::optional<std::vector<Setting>>> FindService(std::string_view text, const std::string& name,
                                                                const std::string& path);

struct FoundPassword {
  std::string password;
  int line = 0;  // 1-based
};

// The first line "host:port:database:user:password" that fits; '*' fits all, '\' takes the next byte as it is.
std::optional<FoundPassword> FindPassword(std::string_view text, const std::string& host, const std::string& port,
                                          const std::string& database, const std::string& user);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_LIBPQ_FILES_H_
