#include "controller/diagnose/reading.h"

namespace parallax::diagnose {

Reading& Reading::Because(std::string text, std::string side, std::string probe, v1::StepKind step) {
  proofs.push_back({std::move(text), std::move(side), std::move(probe), 0, step, 0});
  return *this;
}

Reading& Reading::Because(std::string text, const v1::SideOutcome& outcome, const std::string& probe,
                          const v1::StepSummary& step) {
  Because(std::move(text), outcome.side(), probe, step.kind());
  proofs.back().number_ms = static_cast<double>(step.median_ns()) / 1e6;
  for (const v1::Observation& observation : outcome.observations()) {
    for (const v1::Step& seen : observation.steps()) {
      if (seen.kind() != step.kind() || seen.variant() != step.variant() || seen.failure() != step.failure()) continue;
      proofs.back().attempt = observation.attempt();
      return *this;
    }
  }
  return *this;
}

}  // namespace parallax::diagnose
