// A run out of the store, by what the user called it.
#ifndef PARALLAX_CONTROLLER_CLI_STORED_RUN_H_
#define PARALLAX_CONTROLLER_CLI_STORED_RUN_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controller/store/run_store.h"
#include "parallax/v1/run.pb.h"

namespace parallax::cli {

struct StoredRun {
  std::unique_ptr<store::RunStore> store;  // null when the run came from a file
  v1::Run run;
};

// As store::OpenStore, but a file that is named and is not there is NotFound, and is not made: it is a slip of the pen.
absl::StatusOr<std::unique_ptr<store::RunStore>> OpenForReading(const std::string& store_url);

// By its id, the beginning of it, "last", or the path of a file that `parallax export` wrote.
absl::StatusOr<StoredRun> FetchRun(const std::string& store_url, const std::string& id);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_STORED_RUN_H_
