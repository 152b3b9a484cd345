#include "controller/experiment/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parallax::experiment {
namespace {

using ::testing::ElementsAre;

void AddAxis(v1::Experiment* experiment, const std::string& key, const std::vector<std::string>& values) {
  v1::Axis* axis = experiment->add_matrix();
  axis->set_key(key);
  axis->mutable_values()->Add(values.begin(), values.end());
}

TEST(Matrix, PointsAreAllCombinations) {
  v1::Experiment experiment;
  EXPECT_EQ(Points(experiment).size(), 1U);
  EXPECT_EQ(Label(Points(experiment)[0]), "");
  AddAxis(&experiment, "sslmode", {"disable", "require"});
  AddAxis(&experiment, "address", {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  const auto points = Points(experiment);
  ASSERT_EQ(points.size(), 6U);
  EXPECT_EQ(Label(points[0]), "sslmode=disable address=10.0.0.1");
  EXPECT_EQ(Label(points[5]), "sslmode=require address=10.0.0.3");
}

TEST(Matrix, APointChangesTheTargetsOfItsScheme) {
  v1::Experiment experiment;
  experiment.add_targets("postgres://app@db:5432/app?sslmode=prefer");
  experiment.add_targets("https://app/health#/db=up");
  AddAxis(&experiment, "sslmode", {"verify-full"});
  AddAxis(&experiment, "address", {"10.0.4.9"});
  AddAxis(&experiment, "size", {"64kB"});
  const Setting setting = SettingOf(experiment, Points(experiment)[0]);
  EXPECT_THAT(setting.targets,
              ElementsAre("postgres://app@db:5432/app?sslmode=verify-full", "https://app/health#/db=up"));
  EXPECT_EQ(setting.address, "10.0.4.9");
  EXPECT_TRUE(setting.client);
  EXPECT_EQ(setting.client_bytes, 64'000U);
}

TEST(Matrix, TargetsOneAtATime) {
  v1::Experiment experiment;
  experiment.add_targets("tcp://a:1");
  AddAxis(&experiment, "target", {"tcp://b:1", "tcp://c:1"});
  EXPECT_THAT(SettingOf(experiment, Points(experiment)[1]).targets, ElementsAre("tcp://c:1"));
}

TEST(Matrix, TheRealClientIsAskedWhereItIsNamed) {
  v1::Experiment experiment;
  experiment.add_targets("postgres://app@db:5432/app");
  EXPECT_FALSE(SettingOf(experiment, v1::Point()).client);
  experiment.set_client(true);
  EXPECT_TRUE(SettingOf(experiment, v1::Point()).client);
  experiment.set_client(false);
  experiment.add_probes("sql");
  EXPECT_TRUE(SettingOf(experiment, v1::Point()).client);
}

TEST(Matrix, TooManyRunsAreRefusedWithTheirNumber) {
  v1::Experiment experiment;
  AddAxis(&experiment, "size", std::vector<std::string>(1000, "1kB"));
  EXPECT_TRUE(CheckPoints(experiment).ok());
  experiment.set_rounds(101);
  EXPECT_THAT(std::string(CheckPoints(experiment).message()), ::testing::HasSubstr("this is 101000 runs"));
}

TEST(RoundOrder, MovesTheFirstPointFromRoundToRound) {
  EXPECT_THAT(RoundOrder(3, 1), ElementsAre(0, 1, 2));
  EXPECT_THAT(RoundOrder(3, 2), ElementsAre(1, 2, 0));
  EXPECT_THAT(RoundOrder(3, 4), ElementsAre(0, 1, 2));
  EXPECT_THAT(RoundOrder(1, 9), ElementsAre(0));
}

}  // namespace
}  // namespace parallax::experiment
