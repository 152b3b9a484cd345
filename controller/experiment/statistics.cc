#include "controller/experiment/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace parallax::experiment {
namespace {

constexpr size_t kMaxExact = 60;  // values of both samples together
constexpr size_t kMinForInterval = 6;
constexpr size_t kMaxPairs = 1'000'000;  // of which the Hodges-Lehmann estimate takes its median
constexpr double kTiny = 1e-9;           // for sums of doubles that should be equal

double LogChoose(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

// Twice the rank of each value among all, so that midranks of ties are whole numbers.
std::vector<size_t> DoubledRanks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<size_t> ranks(values.size());
  for (size_t i = 0; i < order.size();) {
    size_t end = i;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    for (size_t k = i; k < end; ++k) ranks[order[k]] = i + 1 + end;  // (i + 1) + end: twice the mean of i+1 .. end
    i = end;
  }
  return ranks;
}

// The share of all ways to choose `count` of the ranks whose sum is at least as far from the mean as `sum`.
double ExactP(const std::vector<size_t>& ranks, size_t count, size_t sum) {
  const size_t total = std::accumulate(ranks.begin(), ranks.end(), size_t{0});
  // ways[k][s]: subsets of k ranks with the sum s.
  std::vector<std::vector<double>> ways(count + 1, std::vector<double>(total + 1, 0));
  ways[0][0] = 1;
  size_t reached = 0;
  for (const size_t rank : ranks) {
    reached += rank;
    for (size_t k = count; k >= 1; --k) {
      for (size_t s = reached; s >= rank; --s) ways[k][s] += ways[k - 1][s - rank];
    }
  }
  const double mean = static_cast<double>(total) * static_cast<double>(count) / static_cast<double>(ranks.size());
  const double far = std::abs(static_cast<double>(sum) - mean);
  double all = 0;
  double extreme = 0;
  for (size_t s = 0; s <= total; ++s) {
    all += ways[count][s];
    if (std::abs(static_cast<double>(s) - mean) >= far - kTiny) extreme += ways[count][s];
  }
  return std::min(1.0, extreme / all);
}

double NormalP(const std::vector<size_t>& ranks, size_t count, size_t sum) {
  const auto n = static_cast<double>(ranks.size());
  const auto a = static_cast<double>(count);
  const double b = n - a;
  double ties = 0;
  std::vector<size_t> sorted = ranks;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size();) {
    const auto end = static_cast<size_t>(std::upper_bound(sorted.begin(), sorted.end(), sorted[i]) - sorted.begin());
    const auto t = static_cast<double>(end - i);
    ties += t * t * t - t;
    i = end;
  }
  const double variance = a * b / 12 * (n + 1 - ties / (n * (n - 1)));
  if (variance <= 0) return 1;
  const double distance = std::abs(static_cast<double>(sum) / 2 - a * (n + 1) / 2) - 0.5;
  return std::min(1.0, std::erfc(std::max(0.0, distance) / std::sqrt(variance) / std::sqrt(2.0)));
}

double MedianDifference(const std::vector<double>& before, const std::vector<double>& after) {
  const size_t stride = before.size() * after.size() / kMaxPairs + 1;
  std::vector<double> differences;
  size_t n = 0;
  for (const double b : before) {
    for (const double a : after) {
      if (n++ % stride == 0 && std::isfinite(a) && std::isfinite(b)) differences.push_back(a - b);
    }
  }
  return differences.empty() ? 0 : Median(std::move(differences));
}

}  // namespace

double Median(std::vector<double> sample) {
  std::sort(sample.begin(), sample.end());
  const size_t half = sample.size() / 2;
  return sample.size() % 2 == 1 ? sample[half] : (sample[half - 1] + sample[half]) / 2;
}

double Quantile(std::vector<double> sample, double share) {
  std::sort(sample.begin(), sample.end());
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sample.size()) - kTiny));
  return sample[std::clamp<size_t>(rank, 1, sample.size()) - 1];
}

Interval MedianInterval(std::vector<double> sample) {
  std::sort(sample.begin(), sample.end());
  const size_t n = sample.size();
  Interval interval{sample.front(), sample.back(), 0};
  if (n < kMinForInterval) return interval;
  // The median is outside (x[k], x[n-k+1]) when fewer than k of n coin tosses fall on one side.
  double tail = 0;
  for (size_t k = 1; k <= n / 2; ++k) {
    tail += std::exp(LogChoose(static_cast<double>(n), static_cast<double>(k - 1)) -
                     static_cast<double>(n) * std::log(2.0));
    const double confidence = 1 - 2 * tail;
    if (confidence < kConfidence) break;
    interval = {sample[k - 1], sample[n - k], confidence};
  }
  return interval;
}

Shift RankTest(const std::vector<double>& before, const std::vector<double>& after) {
  Shift shift;
  if (before.empty() || after.empty()) return shift;
  shift.difference = MedianDifference(before, after);
  std::vector<double> all = before;
  all.insert(all.end(), after.begin(), after.end());
  const std::vector<size_t> ranks = DoubledRanks(all);
  const size_t sum = std::accumulate(ranks.begin(), ranks.begin() + static_cast<ptrdiff_t>(before.size()), size_t{0});
  // The ranks are doubled: so is their mean of (n + 1) / 2.
  const size_t expected = before.size() * (all.size() + 1);
  shift.direction = sum < expected ? 1 : sum > expected ? -1 : 0;
  shift.lowest_p =
      std::min(1.0, 2 * std::exp(-LogChoose(static_cast<double>(all.size()), static_cast<double>(before.size()))));
  shift.p = all.size() <= kMaxExact ? ExactP(ranks, before.size(), sum) : NormalP(ranks, before.size(), sum);
  return shift;
}

}  // namespace parallax::experiment
