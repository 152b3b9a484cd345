// A plan as it is kept in a run, which is stored, exported and shared. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_KEPT_PLAN_H_
#define PARALLAX_CONTROLLER_DISPATCH_KEPT_PLAN_H_

#include <string>

#include "parallax/v1/plan.pb.h"

namespace parallax::dispatch {

// `sent` are the bytes of `plan` that go to the agents. What is kept are the same bytes; where a probe's secret is the
// output of a command (exec:COMMAND), those of a plan in which contract::ShownRef() stands for the command. The agents
// need the command as it is, and the digest that they confirm is over what was sent.
std::string KeptPlan(const v1::Plan& plan, const std::string& sent);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_KEPT_PLAN_H_
