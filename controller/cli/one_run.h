// Carries one run out: connects the sides, asks phase by phase, diagnoses, keeps.
#ifndef PARALLAX_CONTROLLER_CLI_ONE_RUN_H_
#define PARALLAX_CONTROLLER_CLI_ONE_RUN_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controller/cli/run_request.h"
#include "controller/store/run_store.h"
#include "parallax/v1/finding.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::cli {

struct FinishedRun {
  v1::Run run;
  v1::Report report;
  bool kept = false;  // in the store
};

// Blocks until all is known that the plans can tell, or `interrupted`: then what was observed is there, marked so.
// Keeps the run after every phase, when there is a `store` (borrowed, may be null); a store that fails is warned of and
// loses nothing else. A side that is missing is data. InvalidArgument when a vantage cannot be understood: nothing was
// started.
absl::StatusOr<FinishedRun> RunOnce(const Prepared& prepared, const std::atomic<bool>& interrupted,
                                    store::RunStore* store, const std::function<void(const std::string&)>& progress);

// The store that the flags name; null for `no_store`, and, with a warning, when the default one cannot be opened.
absl::StatusOr<std::unique_ptr<store::RunStore>> OpenStoreFor(const std::string& url, bool no_store);

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_ONE_RUN_H_
