// The dispatcher that speaks with real agents.
#ifndef PARALLAX_CONTROLLER_DISPATCH_AGENT_DISPATCHER_H_
#define PARALLAX_CONTROLLER_DISPATCH_AGENT_DISPATCHER_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/dispatch/dispatcher.h"

namespace parallax::dispatch {

// As MakeDispatcher and CheckSides have it.
absl::StatusOr<std::unique_ptr<Dispatcher>> MakeAgentDispatcher(std::vector<SideConfig> sides, Reach reach,
                                                                std::string run_id,
                                                                const std::atomic<bool>* interrupted,
                                                                SideObserver& observer);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_AGENT_DISPATCHER_H_
