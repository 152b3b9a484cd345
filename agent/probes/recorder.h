// Writes steps into an Observation as they happen. One Recorder a probe run; not thread-safe.
#ifndef PARALLAX_AGENT_PROBES_RECORDER_H_
#define PARALLAX_AGENT_PROBES_RECORDER_H_

#include <cstdint>
#include <string_view>

#include "agent/net/clock.h"
#include "parallax/v1/observation.pb.h"

namespace parallax::probes {

class Recorder {
 public:
  // Both are borrowed. The observation's start is now.
  Recorder(const net::Clock& clock, v1::Observation* observation);

  // Starts a step. The pointer stays valid as long as the observation. Past contract::kMaxStepsPerObservation a
  // scratch step is returned and steps_dropped counts.
  v1::Step* Begin(v1::StepKind kind, std::string_view variant = "");
  // Ends it: sets duration and failure, and `text` (made printable, bounded). The observation's outcome becomes the
  // failure of the last step ended, unless a probe sets it itself.
  void End(v1::Step* step, v1::Failure failure, std::string_view text = "");

  // Offset of now from the observation's start, in ns.
  int64_t Now() const;
  // The monotonic instant of the observation's start, in ns: what net connections subtract.
  int64_t origin_ns() const { return origin_ns_; }
  v1::Observation* observation() { return observation_; }

 private:
  const net::Clock& clock_;
  v1::Observation* const observation_;
  const int64_t origin_ns_;
  v1::Step overflow_;
};

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_RECORDER_H_
