// Carries plans to the agents of all sides at once and collects what they observed. The interface alone: gRPC stays
// behind agent_dispatcher.h, and a test may stand in for all agents.
//
// One Dispatcher a run, used from one thread. A side that dies, hangs or never comes is a missing side with a reason,
// never a hang and never an error of the run.
#ifndef PARALLAX_CONTROLLER_DISPATCH_DISPATCHER_H_
#define PARALLAX_CONTROLLER_DISPATCH_DISPATCHER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/dispatch/reach.h"
#include "controller/dispatch/side_observer.h"
#include "parallax/v1/plan.pb.h"
#include "parallax/v1/run.pb.h"
#include "parallax/v1/session.pb.h"

namespace parallax::dispatch {

struct SideConfig {
  std::string name;     // "inside", "outside", a witness's name
  std::string vantage;  // as vantage.h has it
  std::vector<v1::ConnectTo> connect_to;
  std::vector<v1::SecretValue> secrets;  // values that may be sent to this side
};

class Dispatcher {
 public:
  virtual ~Dispatcher() = default;

  // Starts every agent at once, exchanges Hello/Welcome and the clock samples. Fills run.sides (agent, missing, clock,
  // health_url). Bounded by 15 s; where a person is asked or an agent is copied, by two minutes more a side.
  virtual void Connect(v1::Run& run) = 0;

  // Sends the same plan bytes to every side that is there and is no health endpoint, one attempt at a time (the sides
  // wait for each other between attempts), and appends the phase and the observations to `run` as they come. Returns
  // when all sides are done, lost or past the plan's own bound.
  virtual void RunPhase(const v1::Plan& plan, std::string why, v1::Run& run) = 0;

  // The same, for the health endpoint that is the side of that name, and for it alone.
  virtual void RunHealthPhase(const std::string& side, const v1::Plan& plan, std::string why, v1::Run& run) = 0;

  // Says Bye, closes the carriers, reaps the processes (kills what does not end within 2 s). Idempotent; the
  // destructor calls it.
  virtual void Close() = 0;
};

// Makes the dispatcher of one run, and starts nothing. `interrupted` (may be null) is polled: when it becomes true,
// everything is cancelled and what was observed is kept. It and the observer are borrowed.
using MakeDispatcher = std::function<absl::StatusOr<std::unique_ptr<Dispatcher>>(
    std::vector<SideConfig> sides, Reach reach, std::string run_id, const std::atomic<bool>* interrupted,
    SideObserver& observer)>;

// InvalidArgument for a vantage that this release does not know, naming those that it does, for one that cannot be
// understood, and for TLS files that cannot be used.
absl::Status CheckSides(const std::vector<SideConfig>& sides, const Reach& reach);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_DISPATCHER_H_
