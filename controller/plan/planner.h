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

// What the real client is asked to do beside connecting and selecting.
struct ClientQuestions {
  bool ddl = false;             // a table made in a transaction that is rolled back
  uint64_t download_bytes = 0;  // at most contract::kMaxClientBytes
  uint64_t upload_bytes = 0;
};

struct Options {
  std::vector<v1::Target> targets;
  std::vector<std::string> password_refs;  // parallel to targets; "" none
  std::vector<v1::Target> controls;        // --control: extra positive controls
  uint32_t repeats = 3;
  int64_t step_timeout_ms = 5000;
  std::string ssl_root_cert;
  std::optional<ClientQuestions> client;  // the sql probe beside each postgres target
  // Connections to each target at once, each open for hold_ms once it is ready, as a pool's. The sides then take turns:
  // two pools at once would meet in the server's limits.
  uint32_t parallel = 1;
  int64_t hold_ms = 0;
  bool locate = true;        // routes and tunnels
  bool try_controls = true;  // negative and positive ones
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
