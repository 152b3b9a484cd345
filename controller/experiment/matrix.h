// The points of an experiment's matrix, and what each of them changes. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_MATRIX_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_MATRIX_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "parallax/v1/experiment.pb.h"

namespace parallax::experiment {

inline constexpr uint64_t kMaxPoints = 1000;
inline constexpr uint64_t kMaxRuns = 100'000;

// What a matrix can vary: sslmode (of postgres:// targets), address (where every target is probed, whatever its name
// says), size (what the sql probe moves each way), target (one of the URLs at a time).
std::vector<std::string> AxisNames();

// InvalidArgument when the axis cannot have that value.
absl::Status CheckAxisValue(std::string_view axis, const std::string& value);

// InvalidArgument with the number when there are more than kMaxPoints points, or more than kMaxRuns runs of them.
absl::Status CheckPoints(const v1::Experiment& experiment);

// All combinations, the last axis the fastest; one point without values when there is no matrix.
std::vector<v1::Point> Points(const v1::Experiment& experiment);

// The points of an interleaved round (1-based), as indices: all of them, another one first from round to round, so that
// none is always the first after a pause.
std::vector<size_t> RoundOrder(size_t points, uint32_t round);

// Whether a point asks several targets: what is measured of it is then of all of them together.
bool PoolsTargets(const v1::Experiment& experiment);

// "sslmode=require size=1MB"; "" without a matrix.
std::string Label(const v1::Point& point);

// What the point makes of the experiment's targets and settings.
struct Setting {
  std::vector<std::string> targets;
  std::string address;        // "" : where the names lead
  uint64_t client_bytes = 0;  // each way
  bool client = false;        // the sql probe is asked
};
Setting SettingOf(const v1::Experiment& experiment, const v1::Point& point);

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_MATRIX_H_
