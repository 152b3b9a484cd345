// The grammars of a PostgreSQL connection string: libpq's URIs and its keyword/value form (PostgreSQL manual,
// "Connection Strings"), JDBC's URLs, and the schemes that drivers put their names into. They become one list of
// libpq's settings; what the settings mean is for postgres_target.h. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_CONNINFO_H_
#define PARALLAX_CONTROLLER_PLAN_CONNINFO_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace parallax::plan {

struct Setting {
  std::string name;   // as libpq spells it, or a driver's own
  std::string value;  // decoded
  std::string from;   // where it stands: "as written", or a file or a variable
  std::string note;   // how it came to be this, where it was written otherwise: "ssl=true, as libpq reads it"

  friend bool operator==(const Setting& a, const Setting& b) { return a.name == b.name && a.value == b.value; }
};

struct Conninfo {
  std::vector<Setting> settings;  // each name once: of several the last, as libpq has it
  // False where an unescaped '@' may mean that a piece of a password was read as something else: then no value may
  // stand in an error.
  bool may_show = true;
  bool keyword_form = false;  // an unknown name is then an error, as for every client of libpq

  const Setting* Find(std::string_view name) const;
  void Set(Setting setting);
};

// " (it comes from PGSSLMODE)"; "" for a setting that is written in the target itself.
std::string OriginWords(const Setting& setting);
// An error with these words behind it.
absl::Status WithOrigin(const Setting& setting, const absl::Status& status);

inline constexpr char kAsWritten[] = "as written";

// "host=db port=5432": begins with a name and an '='.
bool IsKeywordForm(std::string_view text);
// A scheme that leads to PostgreSQL: postgres, postgresql, either with "+DRIVER" behind it, jdbc. Lower case.
bool IsPostgresScheme(std::string_view scheme);

// InvalidArgument says what is wrong and no more (target_error.h says where), and repeats no password.
absl::StatusOr<Conninfo> ParseConninfo(std::string_view text);

// A URI that parses to the same settings. With the password, if there is one.
std::string PrintUri(const std::vector<Setting>& settings);
// The same in the keyword/value form.
std::string PrintKeywords(const std::vector<Setting>& settings);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_CONNINFO_H_
