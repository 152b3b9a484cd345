#include "controller/store/database.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace parallax::store {
namespace {

bool DiskFull(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

}  // namespace

Statement& Statement::Bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->Error(code);
}

std::string Statement::Text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? "" : std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, int busy_ms) {
  auto database = std::unique_ptr<Database>(new Database(path, busy_ms));
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, SQLITE_OPEN_READWRITE, nullptr);
  database->connection_.reset(connection);
  if (code != SQLITE_OK) return database->Error(code);
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, busy_ms);
  return database;
}

absl::Status Database::Run(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return Error(code);
  return Statement(this, statement);
}

absl::StatusOr<int64_t> Database::Number(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Int(0) : 0;
}

absl::Status Database::Error(int code) const {
  sqlite3* connection = connection_.get();
  const int system = connection == nullptr ? 0 : sqlite3_system_errno(connection);
  const std::string what = connection == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection);
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return absl::DataLossError(absl::StrCat("the store ", path_, " is corrupt (", what,
                                              "). It was left as it is: move it away (mv ", path_, " ", path_,
                                              ".bad), or name another file by --store PATH"));
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          absl::StrCat("the disk that holds the store ", path_,
                       " is full: free some space, or name a file elsewhere by --store PATH"));
    case SQLITE_IOERR:
      // The roll-back that follows may have cleared the errno, so the kind of the call must do.
      if (code != SQLITE_IOERR_WRITE && code != SQLITE_IOERR_SHMSIZE && !DiskFull(system)) break;
      return absl::ResourceExhaustedError(absl::StrCat("the store ", path_, " cannot grow (", what,
                                                       "): free some space, mend the limits on file sizes, or ",
                                                       "name a file elsewhere by --store PATH"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(absl::StrCat("the store ", path_, " is locked by another process (waited for ",
                                                 busy_ms_ / 1000.0, " s): find it by `fuser ", path_,
                                                 "`, or name another file by --store PATH"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(
          absl::StrCat("the store ", path_, " cannot be written (", what,
                       "): mend its permissions and its folder's, or name another file by --store PATH"));
    default: break;
  }
  const std::string why = system == 0 ? what : absl::StrCat(what, ": ", std::strerror(system));
  return absl::InternalError(
      absl::StrCat("the store ", path_, " does not work (", why, "): mend it, or name another file by --store PATH"));
}

}  // namespace parallax::store
