// From targets, and what the sides have said so far, to the next plan. Pure functions of messages; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_PLANNER_H_
#define PARALLAX_CONTROLLER_PLAN_PLANNER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parallax/v1/finding.pb.h"
#include "parallax/v1/plan.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::plan {

struct Options {
  std::vector<v1::Target> targets;
  std::vector<std::string> password_refs;  // parallel to targets; "" none
  std::vector<v1::Target> controls;        // --control: extra positive controls
  uint32_t repeats = 3;
  int64_t step_timeout_ms = 5000;
  std::string ssl_root_cert;
};

// Phase 1: dns (for names), on every side.
// Phase 2 ("locate"): needs the addresses of phase 1: route and tunnel for each address of the union.
// Phase 3 ("probe"): the target on each address of the union, its negative and positive controls. `run` holds the
// sides' Hellos and the observations so far. Plans are deterministic: the same inputs give the same bytes.
v1::Plan PlanNames(const Options& options);
v1::Plan PlanLocate(const Options& options, const v1::Run& run);
v1::Plan PlanProbe(const Options& options, const v1::Run& run);

// The cheapest probes that would tell the remaining causes apart; nullopt when none would add anything, or it has been
// asked already. Reads Diagnosis.wanted_probes.
std::optional<v1::Plan> PlanInvestigation(const Options& options, const v1::Run& run,
                                          const std::vector<v1::TargetReport>& reports);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_PLANNER_H_
