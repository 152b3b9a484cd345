#include "controller/cli/secret_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace parallax::cli {
namespace {

TEST(Secrets, AUrlsPasswordGoesBeforeTheReference) {
  setenv("PARALLAX_TEST_SECRET", "hunter2", 1);
  const auto secrets = ResolveSecrets({"inurl", ""}, "env:PARALLAX_TEST_SECRET");
  ASSERT_TRUE(secrets.ok());
  EXPECT_THAT(secrets->refs, ::testing::ElementsAre("controller:url-1", "env:PARALLAX_TEST_SECRET"));
  ASSERT_EQ(secrets->to_send.size(), 2U);
  EXPECT_EQ(secrets->to_send[0].value(), "inurl");
  EXPECT_EQ(secrets->to_send[1].value(), "hunter2");
}

TEST(Secrets, WhatIsNotSetHereIsLeftToTheAgents) {
  unsetenv("PARALLAX_TEST_SECRET");
  const auto secrets = ResolveSecrets({""}, "env:PARALLAX_TEST_SECRET");
  ASSERT_TRUE(secrets.ok());
  EXPECT_TRUE(secrets->to_send.empty());
  EXPECT_FALSE(ResolveSecrets({""}, "controller:PARALLAX_TEST_SECRET").ok());
  EXPECT_TRUE(ResolveSecrets({""}, "file:/run/secret")->to_send.empty());
}

}  // namespace
}  // namespace parallax::cli
