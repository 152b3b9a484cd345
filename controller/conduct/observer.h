// What goes on while a run or an experiment is carried out, as values. Whoever shows it makes the words.
#ifndef PARALLAX_CONTROLLER_CONDUCT_OBSERVER_H_
#define PARALLAX_CONTROLLER_CONDUCT_OBSERVER_H_

#include <cstdint>
#include <string>

#include "controller/dispatch/side_observer.h"
#include "parallax/v1/experiment.pb.h"
#include "parallax/v1/finding.pb.h"
#include "parallax/v1/plan.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::conduct {

// One run of an experiment.
struct RunNumber {
  uint32_t number = 0;  // from 1
  uint32_t of = 0;      // 0: an experiment that ends by the clock
  std::string stage;    // "before", "after" the change; "" without one
  std::string point;    // its label; "" where there is but one
};

// Every call comes from the thread that carries the run out, which waits for it. What happens at the sides comes in
// between (dispatch/side_observer.h).
class Observer : public dispatch::SideObserver {
 public:
  virtual void RunBegins(const v1::Run& /*run*/) {}
  virtual void PhaseBegins(const v1::Plan& /*plan*/, const std::string& /*why*/) {}
  virtual void PhaseEnds(const v1::Run& /*so_far*/) {}
  // What would be concluded if nothing more were asked. Once the target has been probed, after every phase.
  virtual void VerdictSoFar(const v1::Run& /*run*/, const v1::Report& /*report*/) {}
  virtual void RunEnds(const v1::Run& /*run*/, const v1::Report& /*report*/) {}

  // Of an experiment.
  virtual void ExperimentRunBegins(const RunNumber& /*run*/) {}
  virtual void StepBegins(const v1::ExperimentStep& /*step*/, const std::string& /*part*/) {}
  virtual void StepEnds(const v1::StepResult& /*result*/) {}
};

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_OBSERVER_H_
