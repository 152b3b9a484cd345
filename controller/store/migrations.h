// The schema of the SQLite store, version by version. Thread-safe: the file's own lock serializes processes.
#ifndef PARALLAX_CONTROLLER_STORE_MIGRATIONS_H_
#define PARALLAX_CONTROLLER_STORE_MIGRATIONS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "controller/store/database.h"

namespace parallax::store {

inline constexpr int64_t kApplicationId =
    0x50524c58;  // "PRLX", in the file's header: https://sqlite.org/fileformat2.html

int64_t CurrentSchemaVersion();

// Is this an empty database, or a store of ours that this release can read? Writes nothing. FailedPrecondition for a
// newer one, DataLoss for a file that is another program's.
absl::Status CheckStore(Database& database);

// Brings an empty database, or one of ours, to the current version, in one transaction. Errors as above; they
// leave the file as it is.
absl::Status Migrate(Database& database);

}  // namespace parallax::store

#endif  // PARALLAX_CONTROLLER_STORE_MIGRATIONS_H_
