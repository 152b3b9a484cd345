#include "agent/probes/recorder.h"

#include "contract/limits.h"

namespace parallax::probes {

Recorder::Recorder(const net::Clock& clock, v1::Observation* observation)
    : clock_(clock), observation_(observation), origin_ns_(clock.MonotonicNs()) {
  observation_->set_started_unix_ns(clock.UnixNs());
}

v1::Step* Recorder::Begin(v1::StepKind kind, std::string_view variant) {
  v1::Step* step = &overflow_;
  if (static_cast<size_t>(observation_->steps_size()) < contract::kMaxStepsPerObservation) {
    step = observation_->add_steps();
  } else {
    overflow_.Clear();
    observation_->set_steps_dropped(observation_->steps_dropped() + 1);
  }
  step->set_kind(kind);
  step->set_variant(std::string(variant));
  step->set_start_ns(Now());
  return step;
}

void Recorder::End(v1::Step* step, v1::Failure failure, std::string_view text) {
  step->set_duration_ns(Now() - step->start_ns());
  step->set_failure(failure);
  if (!text.empty()) step->set_text(contract::Printable(text));
  observation_->set_outcome(failure);
}

int64_t Recorder::Now() const { return clock_.MonotonicNs() - origin_ns_; }

}  // namespace parallax::probes
