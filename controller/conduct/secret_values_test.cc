#include "controller/conduct/secret_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace parallax::conduct {
namespace {

TEST(Secrets, AUrlsPasswordGoesBeforeTheReference) {
  setenv("PARALLAX_TEST_SECRET", "hunter2", 1);
  const auto secrets = ResolveSecrets({{"inurl", true, "controller:url-1"}, {"found", false, "controller:PGPASSWORD"}},
                                      "env:PARALLAX_TEST_SECRET");
  ASSERT_TRUE(secrets.ok());
  EXPECT_THAT(secrets->refs, ::testing::ElementsAre("controller:url-1", "env:PARALLAX_TEST_SECRET"));
  ASSERT_EQ(secrets->to_send.size(), 2U);
  EXPECT_EQ(secrets->to_send[0].value(), "inurl");
  EXPECT_EQ(secrets->to_send[1].value(), "hunter2");
}

TEST(Secrets, WhatPsqlWouldFindIsSentOnceWhereNothingElseIsAskedFor) {
  const TargetPassword found = {"hunter3", false, "controller:PGPASSWORD"};
  const auto secrets = ResolveSecrets({found, {}, found}, "");
  ASSERT_TRUE(secrets.ok());
  EXPECT_THAT(secrets->refs, ::testing::ElementsAre("controller:PGPASSWORD", "", "controller:PGPASSWORD"));
  ASSERT_EQ(secrets->to_send.size(), 1U);
  EXPECT_EQ(secrets->to_send[0].value(), "hunter3");
}

TEST(Secrets, WhatIsNotSetHereIsLeftToTheAgents) {
  unsetenv("PARALLAX_TEST_SECRET");
  const auto secrets = ResolveSecrets({{}}, "env:PARALLAX_TEST_SECRET");
  ASSERT_TRUE(secrets.ok());
  EXPECT_TRUE(secrets->to_send.empty());
  EXPECT_FALSE(ResolveSecrets({{}}, "controller:PARALLAX_TEST_SECRET").ok());
  EXPECT_TRUE(ResolveSecrets({{}}, "file:/run/secret")->to_send.empty());
}

TEST(Secrets, EveryKindOfProbeSaysWhichValueItUsed) {
  v1::Run run;
  for (const char* side : {"inside", "outside"}) run.add_sides()->set_name(side);
  const auto step = [&run](const std::string& side) {
    v1::SideObservation* seen = run.add_observations();
    seen->set_side(side);
    return seen->mutable_observation()->add_steps();
  };
  step("inside")->mutable_auth()->set_secret_origin("environment of the agent");
  step("inside")->mutable_client()->set_secret_origin("environment of the agent");
  step("inside")->mutable_http()->set_status(200);
  step("outside")->mutable_client()->set_secret_origin("sent by the controller");
  step("outside")->mutable_http()->set_secret_origin("sent by the controller");
  NoteSecretOrigins({{"env:T", "env:T", ""}, {}}, run);
  EXPECT_THAT(run.sides(0).secret_notes(), ::testing::ElementsAre("password env:T: environment of the agent"));
  EXPECT_THAT(run.sides(1).secret_notes(), ::testing::ElementsAre("bearer token env:T: sent by the controller",
                                                                  "password env:T: sent by the controller"));
}

TEST(Secrets, ANoteNamesTheProgramOfACommandAndNoMore) {
  v1::Run run;
  run.add_sides()->set_name("inside");
  v1::SideObservation* seen = run.add_observations();
  seen->set_side("inside");
  seen->mutable_observation()->add_steps()->mutable_auth()->set_secret_origin("a command of the agent");
  NoteSecretOrigins({{"exec:vault read hunter2"}, {}}, run);
  EXPECT_THAT(run.sides(0).secret_notes(), ::testing::ElementsAre("password exec:vault ...: a command of the agent"));
}

}  // namespace
}  // namespace parallax::conduct
