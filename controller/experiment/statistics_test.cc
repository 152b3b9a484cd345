#include "controller/experiment/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace parallax::experiment {
namespace {

using ::testing::DoubleNear;

TEST(Statistics, MedianAndQuantileAreOfTheSample) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(Quantile({5, 1, 4, 2, 3}, 0.95), 5);
  EXPECT_EQ(Quantile({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, 0.95), 19);
  EXPECT_EQ(Quantile({7}, 0.5), 7);
}

// Conover, Practical Nonparametric Statistics: the sign-test interval. n=6 gives min..max at 1 - 2/64.
TEST(Statistics, AnIntervalNeedsSixSamples) {
  EXPECT_EQ(MedianInterval({1, 2, 3, 4, 5}).confidence, 0);
  const Interval six = MedianInterval({6, 1, 2, 3, 4, 5});
  EXPECT_EQ(six.low, 1);
  EXPECT_EQ(six.high, 6);
  EXPECT_THAT(six.confidence, DoubleNear(1 - 2.0 / 64, 1e-12));
  // n=10: x[2]..x[9], 1 - 2 * 11/1024.
  const Interval ten = MedianInterval({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  EXPECT_EQ(ten.low, 2);
  EXPECT_EQ(ten.high, 9);
  EXPECT_THAT(ten.confidence, DoubleNear(1 - 22.0 / 1024, 1e-12));
}

TEST(Statistics, TheRankTestIsExactOnFewValues) {
  // Of the C(8,4) = 70 ways, two are as extreme.
  const Shift apart = RankTest({1, 2, 3, 4}, {11, 12, 13, 14});
  EXPECT_THAT(apart.p, DoubleNear(2.0 / 70, 1e-12));
  EXPECT_THAT(apart.lowest_p, DoubleNear(2.0 / 70, 1e-12));
  EXPECT_EQ(apart.difference, 10);
  // Three against three can never reach 0.05.
  EXPECT_THAT(RankTest({1, 2, 3}, {11, 12, 13}).lowest_p, DoubleNear(0.1, 1e-12));
  // Every value alike: nothing to tell.
  EXPECT_EQ(RankTest({5, 5, 5, 5}, {5, 5, 5, 5}).p, 1);
  EXPECT_EQ(RankTest({}, {1}).p, 1);
}

TEST(Statistics, TheRankTestOfManyValuesAgreesWithTheExactOne) {
  std::vector<double> before;
  std::vector<double> after;
  for (int i = 0; i < 30; ++i) {
    before.push_back(i);
    after.push_back(i + 6.5);
  }
  const double exact = RankTest(before, after).p;  // 60 values
  before.push_back(15.2);
  const double approximate = RankTest(before, after).p;  // 61
  EXPECT_THAT(approximate, DoubleNear(exact, 0.01));
  EXPECT_LT(exact, 0.05);
}

TEST(Statistics, AnInfiniteValueIsAboveAllOthersAndInNoDifference) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  const Shift slower = RankTest({1, 2, 3, 4}, {kNever, 12, kNever, kNever});
  EXPECT_THAT(slower.p, DoubleNear(2.0 / 70, 1e-12));
  EXPECT_EQ(slower.direction, 1);
  EXPECT_EQ(slower.difference, 9.5);
  const Shift never = RankTest({kNever, kNever}, {kNever, kNever});
  EXPECT_EQ(never.p, 1);
  EXPECT_EQ(never.direction, 0);
  EXPECT_EQ(never.difference, 0);
}

TEST(Statistics, TheDirectionIsThatOfTheRanks) {
  // More than half of all pairs are ties, so the median of their differences says nothing.
  const std::vector<double> before(20, 0);
  std::vector<double> after(12, 0);
  after.insert(after.end(), 8, 1);
  const Shift tied = RankTest(before, after);
  EXPECT_LT(tied.p, 0.05);
  EXPECT_EQ(tied.direction, 1);
  EXPECT_EQ(tied.difference, 0);
  EXPECT_EQ(RankTest({1, 2, 3, 4}, {-1, 0, 1, 2}).direction, -1);
}

}  // namespace
}  // namespace parallax::experiment
