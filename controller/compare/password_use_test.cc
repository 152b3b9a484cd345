#include "controller/compare/password_use.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/compare/compare.h"
#include "tests/support/run_builder.h"

namespace parallax::compare {
namespace {

using support::RunBuilder;
using ::testing::HasSubstr;

// What `change` does to the authentication step that goes well.
template <typename Change>
v1::Comparison With(bool inside, bool outside, const Change& change) {
  RunBuilder builder;
  support::Attempt attempt = support::Postgres(support::Conversation());
  for (v1::Step& step : *attempt.mutable_steps()) {
    if (step.kind() == v1::AUTHENTICATION) change(step.mutable_auth());
  }
  if (inside) builder.Inside().On("postgres", attempt);
  if (outside) builder.Outside().On("postgres", attempt);
  v1::Run run = builder.Build();
  run.mutable_targets(0)->set_credentials(true);
  return Compare(run).front();
}

TEST(PasswordUse, OneThatNobodyAskedForIsNoHealth) {
  const auto trust = [](v1::AuthDetails* auth) {
    auth->set_used("trust");
    auth->set_password_unused(true);
  };
  const v1::Comparison both = With(true, true, trust);
  EXPECT_EQ(both.status(), v1::CANNOT_TELL);
  EXPECT_THAT(both.status_why(), HasSubstr("without asking for the password that was given"));
}

TEST(PasswordUse, OneThatWasWithheldIsNoHealth) {
  const v1::Comparison both = With(true, true, [](v1::AuthDetails* auth) {
    auth->set_withheld(true);
    auth->set_withheld_why("because");
    auth->set_password_unused(true);
  });
  EXPECT_EQ(both.status(), v1::CANNOT_TELL);
  EXPECT_THAT(both.status_why(), HasSubstr("inside: the password was withheld: because"));
}

TEST(PasswordUse, OneThatWasUsedIs) {
  EXPECT_EQ(With(true, true, [](v1::AuthDetails*) {}).status(), v1::HEALTHY);
}

}  // namespace
}  // namespace parallax::compare
