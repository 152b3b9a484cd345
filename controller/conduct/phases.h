// The phases of one run: what is asked first, what follows from the answers, and what the investigation still asks.
//
// Knows plans, answers and the dispatcher's interface; no clock, no store and no thread.
#ifndef PARALLAX_CONTROLLER_CONDUCT_PHASES_H_
#define PARALLAX_CONTROLLER_CONDUCT_PHASES_H_

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "controller/conduct/observer.h"
#include "controller/dispatch/dispatcher.h"
#include "controller/plan/planner.h"
#include "parallax/v1/run.pb.h"

namespace parallax::conduct {

// A side that is a deployed health endpoint, and no agent.
struct HealthSide {
  std::string name;
  v1::Target endpoint;
};

// What a run asks.
struct Questions {
  plan::Options options;
  std::vector<HealthSide> health;
  bool investigate = true;
};

// Has the dispatcher, which is connected, ask phase by phase, and appends to `run`: names, routes and tunnels, the
// target with its controls, health endpoints, and then what the diagnosis wants to know, until nothing would add
// anything. A phase that would ask nothing is left out. Once `interrupted`, no phase begins. `keep` (may be null) gets
// the run after every phase.
void RunPhases(const Questions& questions, const std::atomic<bool>& interrupted, dispatch::Dispatcher& dispatcher,
               Observer& observer, const std::function<void(const v1::Run&)>& keep, v1::Run& run);

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_PHASES_H_
