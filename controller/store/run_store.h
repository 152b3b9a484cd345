// Where runs are kept. Implementations are safe to use from several processes at once; one object from one thread.
#ifndef PARALLAX_CONTROLLER_STORE_RUN_STORE_H_
#define PARALLAX_CONTROLLER_STORE_RUN_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "parallax/v1/run.pb.h"

namespace parallax::store {

struct RunLine {  // one line of `parallax history`
  std::string id;
  int64_t started_unix_ns = 0;
  std::string targets;
  std::string status;  // as of the last diagnosis; "" none yet
  std::string cause;
};

class RunStore {
 public:
  virtual ~RunStore() = default;
  // Inserts or replaces the run; `status` and `cause` are what history shows. Atomic and durable when it returns OK.
  virtual absl::Status Put(const v1::Run& run, std::string_view status, std::string_view cause) = 0;
  // `id` may be any unique prefix of at least 4 characters, or "last". NotFound, or InvalidArgument when ambiguous.
  virtual absl::StatusOr<v1::Run> Get(std::string_view id) = 0;
  // Newest first, at most `limit`.
  virtual absl::StatusOr<std::vector<RunLine>> List(size_t limit) = 0;
};

// What another process may take to write one run, many times over.
inline constexpr int kBusyMs = 10'000;

// The SQLite file that `path` names, made with its folder (mode 0700) when it is not there.
// DataLoss when it is not a store of ours or is corrupt (the file is left as it is; the message says what to do);
// ResourceExhausted when the disk is full. Unavailable when another process holds the file for longer than `busy_ms`,
// here and in every later call.
absl::StatusOr<std::unique_ptr<RunStore>> OpenSqliteStore(const std::string& path, int busy_ms = kBusyMs);

// Opens what `--store` names: "" for the default path ($XDG_STATE_HOME or ~/.local/state, then parallax/runs.db), a
// path, or "sqlite:PATH". postgresql:// is refused with a word about which release has it.
absl::StatusOr<std::unique_ptr<RunStore>> OpenStore(std::string_view url, int busy_ms = kBusyMs);
// The file that it names. InvalidArgument where it names none.
absl::StatusOr<std::string> StorePath(std::string_view url);

}  // namespace parallax::store

#endif  // PARALLAX_CONTROLLER_STORE_RUN_STORE_H_
