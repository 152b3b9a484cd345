// Observations that the controller has not acked yet: numbered, bounded, kept in order.
//
// Not thread-safe: guarded by the session's lock.
#ifndef PARALLAX_AGENT_SESSION_UNACKED_H_
#define PARALLAX_AGENT_SESSION_UNACKED_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "parallax/v1/session.pb.h"

namespace parallax::session {

class Unacked {
 public:
  Unacked(size_t max_count, size_t max_bytes) : max_count_(max_count), max_bytes_(max_bytes) {}

  // One observation always fits, however large.
  bool Full() const { return !kept_.empty() && (kept_.size() >= max_count_ || bytes_ >= max_bytes_); }

  // Numbers the observation (from 1), keeps it, and returns it as it is to be sent.
  const v1::NumberedObservation& Add(uint64_t assignment, v1::Observation observation);

  // Forgets `number` and all before it. A number that was never given is a peer's mistake and changes nothing.
  void Ack(uint64_t number);

  const std::deque<v1::NumberedObservation>& kept() const { return kept_; }

 private:
  const size_t max_count_;
  const size_t max_bytes_;
  std::deque<v1::NumberedObservation> kept_;
  size_t bytes_ = 0;
  uint64_t last_ = 0;
};

}  // namespace parallax::session

#endif  // PARALLAX_AGENT_SESSION_UNACKED_H_
