#include "agent/session/unacked.h"

#include <utility>

namespace parallax::session {

const v1::NumberedObservation& Unacked::Add(uint64_t assignment, v1::Observation observation) {
  v1::NumberedObservation& numbered = kept_.emplace_back();
  numbered.set_number(++last_);
  numbered.set_assignment(assignment);
  *numbered.mutable_observation() = std::move(observation);
  bytes_ += numbered.ByteSizeLong();
  return numbered;
}

void Unacked::Ack(uint64_t number) {
  if (number > last_) return;
  while (!kept_.empty() && kept_.front().number() <= number) {
    bytes_ -= kept_.front().ByteSizeLong();
    kept_.pop_front();
  }
}

}  // namespace parallax::session
