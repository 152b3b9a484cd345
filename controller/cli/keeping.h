// The store that the flags name, for what a command runs.
#ifndef PARALLAX_CONTROLLER_CLI_KEEPING_H_
#define PARALLAX_CONTROLLER_CLI_KEEPING_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controller/conduct/keeper.h"

namespace parallax::cli {

// Null with --no-store. Null too, with a warning, when the default store cannot be opened: nobody asked for it. A store
// that --store names and that cannot be opened is an error.
absl::StatusOr<std::unique_ptr<conduct::Keeper>> OpenKeeper(const std::string& url, bool no_store);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_KEEPING_H_
