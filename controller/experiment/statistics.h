// Statistics that are honest on few samples: medians with the interval that order statistics give them, and a rank test
// of after against before. No distribution is assumed. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_EXPERIMENT_STATISTICS_H_
#define PARALLAX_CONTROLLER_EXPERIMENT_STATISTICS_H_

#include <vector>

namespace parallax::experiment {

inline constexpr double kConfidence = 0.95;
inline constexpr double kAlpha = 0.05;

// Of the two in the middle, their mean. Not for an empty sample.
double Median(std::vector<double> sample);

// The smallest value with at least `share` (0..1) of the sample at or under it (nearest rank). Not for an empty sample.
double Quantile(std::vector<double> sample, double share);

struct Interval {
  double low = 0;
  double high = 0;
  double confidence = 0;  // as reached; 0: no interval of kConfidence exists for so few samples
};

// The narrowest symmetric pair of order statistics that covers the median with kConfidence (binomial; from 6 samples
// on). Below that the whole range, with confidence 0.
Interval MedianInterval(std::vector<double> sample);

struct Shift {
  double p = 1;           // two-sided
  double lowest_p = 1;    // that samples of these sizes could give at all
  int direction = 0;      // by the ranks: 1 when those after are higher, -1 lower, 0 neither
  double difference = 0;  // Hodges-Lehmann: the median of all finite differences, after minus before; 0 of none
};

// The Wilcoxon-Mann-Whitney test: exact with ties (midranks) up to 60 values together, the normal approximation with
// the correction for ties above. An infinite value is higher than any other and ties with its like. p is 1 when a
// sample is empty. With many ties the difference can be 0 where the test shows one: only `direction` says which.
Shift RankTest(const std::vector<double>& before, const std::vector<double>& after);

}  // namespace parallax::experiment

#endif  // PARALLAX_CONTROLLER_EXPERIMENT_STATISTICS_H_
