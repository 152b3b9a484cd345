// In which order the runs of an experiment are carried out. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_SCHEDULE_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "parallax/v1/experiment.pb.h"

namespace parallax::experiment {

struct Slot {
  size_t point = 0;    // an index into Points()
  uint32_t round = 1;  // 1-based
};

// The runs of one stage that has `rounds` rounds. Interleaved: every point once a round, the first point of a round
// moving on from round to round, so that none is always the first after a pause; sequential: all rounds of a point,
// then the next.
std::vector<Slot> Schedule(size_t points, uint32_t rounds, bool sequential);

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_SCHEDULE_H_
