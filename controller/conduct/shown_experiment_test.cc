#include "controller/conduct/shown_experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parallax::conduct {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ShownExperiment, HoldsNoSecretOfItsCommands) {
  v1::Experiment experiment;
  experiment.set_name("a");
  experiment.set_password_from("exec:vault read hunter2");
  v1::NamedVantage* side = experiment.add_sides();
  side->set_name("inside");
  side->set_vantage("exec:env DB_PW=hunter2 parallax-agent stdio");
  experiment.add_before()->set_command("mysql -phunter2 app");
  experiment.add_change()->set_command("curl -H 'X-Api: hunter2' h");
  experiment.add_after()->set_command("vault login hunter2");
  experiment.add_after()->set_pause("look at it");
  const v1::Experiment shown = ShownExperiment(experiment);
  EXPECT_THAT(shown.DebugString(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(shown.password_from(), "exec:vault ...");
  EXPECT_EQ(shown.sides(0).vantage(), "exec:env DB_PW=*** parallax-agent stdio");
  EXPECT_EQ(shown.after(1).pause(), "look at it");
  EXPECT_EQ(ShownStep(experiment.before(0)), "mysql -p*** app");
  EXPECT_EQ(ShownStep(experiment.after(1)), "pause: look at it");
}

}  // namespace
}  // namespace parallax::conduct
