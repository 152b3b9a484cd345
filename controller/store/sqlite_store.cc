#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/limits.h"
#include "contract/upgrade.h"
#include "controller/store/database.h"
#include "controller/store/migrations.h"
#include "controller/store/run_store.h"

namespace parallax::store {
namespace {

constexpr size_t kMinPrefix = 4;
constexpr int64_t kCheckWholeBytes = 16 << 20;  // a file up to this size is checked as a whole: some 10 ms
constexpr int kWalPauseMs = 20;

std::string Targets(const v1::Run& run) {
  std::vector<std::string> urls;
  for (const v1::Target& target : run.targets()) urls.push_back(target.url());
  return absl::StrJoin(urls, " ");
}

class SqliteStore final : public RunStore {
 public:
  explicit SqliteStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  absl::Status Put(const v1::Run& run, std::string_view status, std::string_view cause) override {
    auto statement = database_->Prepare(
        "INSERT INTO runs (id, run, started_unix_ns, targets, status, cause) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        " ON CONFLICT (id) DO UPDATE SET run = ?2, started_unix_ns = ?3, targets = ?4, status = ?5, cause = ?6");
    if (!statement.ok()) return statement.status();
    statement->Bind(1, run.id()).BindBlob(2, run.SerializeAsString()).Bind(3, int64_t{run.started_unix_ns()});
    statement->Bind(4, Targets(run)).Bind(5, status).Bind(6, cause);
    return statement->Step().status();
  }

  absl::StatusOr<v1::Run> Get(std::string_view id) override;
  absl::StatusOr<std::vector<RunLine>> List(size_t limit) override;

 private:
  absl::StatusOr<v1::Run> Only(Statement statement, std::string_view id);
  const std::unique_ptr<Database> database_;
};

absl::StatusOr<v1::Run> SqliteStore::Get(std::string_view id) {
  if (id == "last") {
    auto newest = database_->Prepare("SELECT id, run FROM runs ORDER BY started_unix_ns DESC, rowid DESC LIMIT 1");
    if (!newest.ok()) return newest.status();
    return Only(*std::move(newest), id);
  }
  auto exact = database_->Prepare("SELECT id, run FROM runs WHERE id = ?1");
  if (!exact.ok()) return exact.status();
  exact->Bind(1, id);
  auto run = Only(*std::move(exact), id);
  if (run.ok() || !absl::IsNotFound(run.status())) return run;
  if (id.size() < kMinPrefix) {
    return absl::InvalidArgumentError(absl::StrCat("'", contract::Printable(id, 80),
                                                   "' is too short for a run: give at least ", kMinPrefix,
                                                   " characters of its id, or 'last' (see `parallax history`)"));
  }
  auto prefix = database_->Prepare("SELECT id, run FROM runs WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 3");
  if (!prefix.ok()) return prefix.status();
  prefix->Bind(1, id);
  return Only(*std::move(prefix), id);
}

// The one row of the statement.
absl::StatusOr<v1::Run> SqliteStore::Only(Statement statement, std::string_view id) {
  std::vector<std::string> ids;
  std::string bytes;
  for (;;) {
    const auto row = statement.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    ids.push_back(statement.Text(0));
    bytes = statement.Text(1);
  }
  if (ids.empty()) {
    const std::string what =
        id == "last" ? "no run at all" : absl::StrCat("no run '", contract::Printable(id, 80), "'");
    return absl::NotFoundError(
        absl::StrCat("the store ", database_->path(), " has ", what, "; `parallax history` lists what there is"));
  }
  if (ids.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat("'", contract::Printable(id, 80), "' begins several runs (",
                                                   absl::StrJoin(ids, ", "), "): give more of it"));
  }
  v1::Run run;
  if (!run.ParseFromString(bytes)) {
    return absl::DataLossError(
        absl::StrCat("run ", ids[0], " in the store ", database_->path(),
                     " cannot be read: its bytes are damaged. The other runs are not touched by that"));
  }
  if (run.version() > contract::kRunVersion) {
    return absl::FailedPreconditionError(absl::StrCat("run ", ids[0], " was written by a newer release (version ",
                                                      run.version(), "): use that release to read it"));
  }
  contract::Upgrade(&run);
  return run;
}

absl::StatusOr<std::vector<RunLine>> SqliteStore::List(size_t limit) {
  auto statement = database_->Prepare(
      "SELECT id, started_unix_ns, targets, status, cause FROM runs ORDER BY started_unix_ns DESC, rowid DESC LIMIT "
      "?1");
  if (!statement.ok()) return statement.status();
  statement->Bind(1, static_cast<int64_t>(std::min<size_t>(limit, INT64_MAX)));
  std::vector<RunLine> lines;
  for (;;) {
    const auto row = statement->Step();
    if (!row.ok()) return row.status();
    if (!*row) return lines;
    lines.push_back(
        {statement->Text(0), statement->Int(1), statement->Text(2), statement->Text(3), statement->Text(4)});
  }
}

absl::Status FileError(int error, const std::string& path, std::string_view doing) {
  const std::string words = absl::StrCat("the store ", path, ": cannot ", std::string(doing), " (",
                                         std::strerror(error), "): mend that, or name another file by --store PATH");
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(words);
  if (error == EACCES || error == EPERM || error == EROFS) return absl::PermissionDeniedError(words);
  return absl::InvalidArgumentError(words);
}

// Every folder that is made is for its owner alone; one that is there stays as it is.
absl::Status MakeFolder(const std::filesystem::path& folder, const std::string& path) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return absl::OkStatus();
  if (auto status = MakeFolder(folder.parent_path(), path); !status.ok()) return status;
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return absl::OkStatus();
  return FileError(errno, path, absl::StrCat("make its folder ", folder.string()));
}

// An empty file is made here and not by SQLite, so that it is for its owner alone from its first moment; SQLite gives
// its own files beside it the same mode.
absl::Status PrepareFile(const std::string& path) {
  if (auto status = MakeFolder(std::filesystem::path(path).parent_path(), path); !status.ok()) return status;
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return FileError(errno, path, "open it for writing");
  struct stat facts {};
  char head[16] = {};
  const bool known = fstat(fd, &facts) == 0;
  const ssize_t size = known && S_ISREG(facts.st_mode) ? read(fd, head, sizeof(head)) : -1;
  const int error = errno;
  close(fd);
  if (known && !S_ISREG(facts.st_mode))
    return absl::InvalidArgumentError(
        absl::StrCat("the store ", path, " is not a plain file: name another by --store PATH"));
  if (size < 0) return FileError(error, path, "read it");
  if (size == 0 || std::string_view(head, static_cast<size_t>(size)) == std::string_view("SQLite format 3\0", 16))
    return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      path, " is not a store of runs (it is no SQLite file, or is corrupt). It was left as it is: move it away (mv ",
      path, " ", path, ".bad), or name another file by --store PATH"));
}

// Two processes that open a new file at once: the switch to WAL needs the file alone for a moment, and SQLite does not
// wait for that by itself (https://sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY").
absl::Status UseWal(Database& database) {
  for (int waited_ms = 0;; waited_ms += kWalPauseMs) {
    auto status = database.Run("PRAGMA journal_mode = WAL");
    if (!absl::IsUnavailable(status) || waited_ms >= database.busy_ms()) return status;
    sqlite3_sleep(kWalPauseMs);
  }
}

absl::Status CheckWhole(Database& database) {
  std::error_code ignored;
  if (std::filesystem::file_size(database.path(), ignored) > static_cast<uintmax_t>(kCheckWholeBytes))
    return absl::OkStatus();
  auto statement = database.Prepare("PRAGMA quick_check(1)");
  if (!statement.ok()) return statement.status();
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  return *row && statement->Text(0) == "ok" ? absl::OkStatus() : database.Error(SQLITE_CORRUPT);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RunStore>> OpenSqliteStore(const std::string& path, int busy_ms) {
  if (auto status = PrepareFile(path); !status.ok()) return status;
  auto database = Database::Open(path, busy_ms);
  if (!database.ok()) return database.status();
  // Whose file it is comes before anything that writes to it.
  if (auto status = CheckWhole(**database); !status.ok()) return status;
  if (auto status = CheckStore(**database); !status.ok()) return status;
  if (auto status = UseWal(**database); !status.ok()) return status;
  if (auto status = (*database)->Run("PRAGMA synchronous = FULL"); !status.ok()) return status;
  if (auto status = Migrate(**database); !status.ok()) return status;
  return std::make_unique<SqliteStore>(*std::move(database));
}

}  // namespace parallax::store
