#include "controller/store/migrations.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"

namespace parallax::store {
namespace {

// Entry i leads from version i to i + 1. An entry that was released is never edited: files that went through it exist.
constexpr std::array<const char*, 2> kSteps = {
    "CREATE TABLE runs (id TEXT PRIMARY KEY NOT NULL, run BLOB NOT NULL, started_unix_ns INTEGER NOT NULL,"
    " targets TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT '', cause TEXT NOT NULL DEFAULT '')",
    "CREATE INDEX runs_by_start ON runs (started_unix_ns)",
};

absl::Status CheckOwner(Database& database) {
  const auto id = database.Number("PRAGMA application_id");
  if (!id.ok()) return id.status();
  if (*id == kApplicationId) return absl::OkStatus();
  const auto things = database.Number("SELECT count(*) FROM sqlite_master");
  if (!things.ok()) return things.status();
  if (*id == 0 && *things == 0) return absl::OkStatus();  // nobody's yet
  return absl::DataLossError(
      absl::StrCat(database.path(),
                   " is a database of another program, not a store of runs. It was left as it is: "
                   "name another file by --store PATH"));
}

absl::StatusOr<int64_t> Version(Database& database) {
  auto version = database.Number("PRAGMA user_version");
  if (version.ok() && *version > CurrentSchemaVersion()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store ", database.path(), " was written by a newer release (schema ", *version, ", this one knows ",
        CurrentSchemaVersion(), "). It was left as it is: use that release, or name another file by --store PATH"));
  }
  return version;
}

absl::Status Steps(Database& database) {
  // Read again behind the lock: another process may have done it meanwhile.
  if (auto status = CheckOwner(database); !status.ok()) return status;
  const auto version = Version(database);
  if (!version.ok()) return version.status();
  for (auto i = static_cast<size_t>(*version); i < kSteps.size(); ++i) {
    if (auto status = database.Run(kSteps[i]); !status.ok()) return status;
  }
  return database.Run(
      absl::StrCat("PRAGMA application_id = ", kApplicationId, "; PRAGMA user_version = ", kSteps.size()));
}

}  // namespace

int64_t CurrentSchemaVersion() { return kSteps.size(); }

absl::Status CheckStore(Database& database) {
  if (auto status = CheckOwner(database); !status.ok()) return status;
  return Version(database).status();
}

absl::Status Migrate(Database& database) {
  const auto version = Version(database);
  if (!version.ok()) return version.status();
  if (*version == CurrentSchemaVersion()) return absl::OkStatus();
  if (auto status = database.Run("BEGIN IMMEDIATE"); !status.ok()) return status;
  if (auto status = Steps(database); !status.ok()) {
    database.Run("ROLLBACK").IgnoreError();
    return status;
  }
  return database.Run("COMMIT");
}

}  // namespace parallax::store
