#include "controller/conduct/phases.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/diagnose/diagnose.h"
#include "controller/plan/health.h"

namespace parallax::conduct {
namespace {

constexpr int kMaxInvestigations = 3;

// Every reason once, in the order of the probes.
std::string WhyOf(const v1::Plan& plan) {
  std::string why;
  std::set<std::string> told;
  for (const v1::ProbeSpec& probe : plan.probes()) {
    if (probe.why().empty() || !told.insert(probe.why()).second) continue;
    absl::StrAppend(&why, why.empty() ? "" : "; ", probe.why());
  }
  return why;
}

class Phases {
 public:
  Phases(const Questions& questions, const std::atomic<bool>& interrupted, dispatch::Dispatcher& dispatcher,
         Observer& observer, const std::function<void(const v1::Run&)>& keep, v1::Run& run)
      : questions_(questions),
        interrupted_(interrupted),
        dispatcher_(dispatcher),
        observer_(observer),
        keep_(keep),
        run_(run) {}

  void Run() {
    const plan::Options& options = questions_.options;
    Ask(plan::PlanNames(options), "what each side resolves the names to");
    Ask(plan::PlanLocate(options, run_), "which route and which tunnel carry the target on each side");
    Ask(plan::PlanProbe(options, run_), "the target and its controls, from every side");
    for (const HealthSide& side : questions_.health) {
      Ask(plan::PlanHealth(options, side.endpoint), "what the health endpoint says", side.name);
    }
    v1::Report report = Conclude();
    if (!questions_.investigate) return;
    for (int i = 0; i < kMaxInvestigations && !interrupted_; ++i) {
      const auto plan = plan::PlanInvestigation(options, run_, {report.targets().begin(), report.targets().end()});
      if (!plan.has_value() || !Ask(*plan, WhyOf(*plan))) return;
      report = Conclude();
    }
  }

 private:
  // False when nothing was asked. `health_side`: of that endpoint alone; "": of all agents.
  bool Ask(const v1::Plan& plan, const std::string& why, const std::string& health_side = "") {
    if (plan.probes_size() == 0 || interrupted_) return false;
    observer_.PhaseBegins(plan, why);
    if (health_side.empty()) {
      dispatcher_.RunPhase(plan, why, run_);
    } else {
      dispatcher_.RunHealthPhase(health_side, plan, why, run_);
    }
    if (keep_ != nullptr) keep_(run_);
    observer_.PhaseEnds(run_);
    return true;
  }

  v1::Report Conclude() {
    v1::Report report = diagnose::MakeReport(run_);
    observer_.VerdictSoFar(run_, report);
    return report;
  }

  const Questions& questions_;
  const std::atomic<bool>& interrupted_;
  dispatch::Dispatcher& dispatcher_;
  Observer& observer_;
  const std::function<void(const v1::Run&)>& keep_;
  v1::Run& run_;
};

}  // namespace

void RunPhases(const Questions& questions, const std::atomic<bool>& interrupted, dispatch::Dispatcher& dispatcher,
               Observer& observer, const std::function<void(const v1::Run&)>& keep, v1::Run& run) {
  Phases(questions, interrupted, dispatcher, observer, keep, run).Run();
}

}  // namespace parallax::conduct
