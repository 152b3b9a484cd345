// One connection to an SQLite file, and its errors as absl::Status with words about what to do.
//
// Owns the connection. One thread at a time; any number of processes.
#ifndef PARALLAX_CONTROLLER_STORE_DATABASE_H_
#define PARALLAX_CONTROLLER_STORE_DATABASE_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace parallax::store {

class Database;

// A prepared statement with its values. Must not outlive its Database.
class Statement {
 public:
  // Values are bound from 1. Copied.
  Statement& Bind(int index, std::string_view text);
  Statement& BindBlob(int index, std::string_view bytes);
  Statement& Bind(int index, int64_t value);

  // True when there is a row, false at the end.
  absl::StatusOr<bool> Step();

  std::string Text(int column) const;  // of the row at hand; also for blobs
  int64_t Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Statement(Database* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  // The file must be there; an empty file is an empty database. `busy_ms`: how long each call waits for a lock that
  // another process holds.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, int busy_ms);

  const std::string& path() const { return path_; }
  int busy_ms() const { return busy_ms_; }
  absl::Status Run(const std::string& sql);  // any number of statements, rows ignored
  absl::StatusOr<Statement> Prepare(std::string_view sql);
  absl::StatusOr<int64_t> Number(std::string_view sql);  // the first column of the first row; 0 without one

  // What the last call's `code` means: DataLoss for a corrupt or foreign file, ResourceExhausted for a full disk,
  // PermissionDenied, Unavailable when another process holds the file.
  absl::Status Error(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  Database(std::string path, int busy_ms) : path_(std::move(path)), busy_ms_(busy_ms) {}
  const std::string path_;
  const int busy_ms_;
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace parallax::store

#endif  // PARALLAX_CONTROLLER_STORE_DATABASE_H_
