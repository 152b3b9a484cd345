// Carries one run out: connects the sides, asks phase by phase, diagnoses, keeps.
#ifndef PARALLAX_CONTROLLER_CONDUCT_RUN_ONCE_H_
#define PARALLAX_CONTROLLER_CONDUCT_RUN_ONCE_H_

#include <atomic>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/conduct/keeper.h"
#include "controller/conduct/observer.h"
#include "controller/conduct/request.h"
#include "controller/dispatch/dispatcher.h"
#include "parallax/v1/finding.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::conduct {

// What a run is carried out with. All of it is borrowed.
struct Means {
  const dispatch::MakeDispatcher& make_dispatcher;
  const std::atomic<bool>& interrupted;
  Observer& observer;
  Keeper* keeper = nullptr;  // null: nothing is kept
};

struct FinishedRun {
  v1::Run run;
  v1::Report report;
};

// ResourceExhausted, in words, when this host has no room for the sessions of so many sides. Before anything starts.
absl::Status CheckRoom(size_t sides);

// Blocks until all is known that the plans can tell, or `interrupted`: then what was observed is there, marked so.
// Keeps the run after every phase and never waits for that. A side that is missing is data. InvalidArgument when a
// vantage cannot be understood: nothing was started.
absl::StatusOr<FinishedRun> RunOnce(const Prepared& prepared, const Means& means);

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_RUN_ONCE_H_
