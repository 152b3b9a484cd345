#include "controller/experiment/schedule.h"

namespace parallax::experiment {

std::vector<Slot> Schedule(size_t points, uint32_t rounds, bool sequential) {
  std::vector<Slot> slots;
  slots.reserve(points * rounds);
  for (size_t i = 0; i < points * rounds; ++i) {
    if (sequential) {
      slots.push_back({i / rounds, static_cast<uint32_t>(i % rounds) + 1});
    } else {
      const size_t round = i / points;
      slots.push_back({(i + round) % points, static_cast<uint32_t>(round) + 1});
    }
  }
  return slots;
}

}  // namespace parallax::experiment
