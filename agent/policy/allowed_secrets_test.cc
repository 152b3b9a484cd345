#include "agent/policy/allowed_secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "agent/policy/secrets.h"

namespace parallax::policy {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> Resolve(const std::string& name) {
  return name == "db.internal" ? std::vector<std::string>{"10.0.4.172", "fd00::5"} : std::vector<std::string>{};
}

bool MayGo(const std::string& target, const std::string& address, uint16_t port) {
  const auto parsed = ParseSecretTarget(target);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() && Covers(*parsed, address, port, Resolve);
}

TEST(AllowedSecrets, NothingUnlessItIsSaid) {
  EXPECT_EQ(AllowedSecrets().TargetsOf("env:PATH"), nullptr);
  EXPECT_THAT(*AllowedSecrets::Everything().TargetsOf("exec:anything"), IsEmpty());
  AllowedSecrets allowed;
  ASSERT_TRUE(allowed.Add("env:PGPASSWORD").ok());
  EXPECT_NE(allowed.TargetsOf("env:PGPASSWORD"), nullptr);
  for (const char* other : {"env:PGPASSWORD2", "env:PGPASSWOR", "env:pgpassword", "file:PGPASSWORD", "env:", "",
                            "controller:PGPASSWORD", "env:PGPASSWORD@*"}) {
    EXPECT_EQ(allowed.TargetsOf(other), nullptr) << other;
  }
}

TEST(AllowedSecrets, NarrowingsAddUpAndOneWithoutOpens) {
  AllowedSecrets allowed;
  ASSERT_TRUE(allowed.Add("env:A@10.0.0.0/8:5432").ok());
  ASSERT_TRUE(allowed.Add("env:A@db.internal").ok());
  ASSERT_TRUE(allowed.Add("file:/run/a@b@*").ok());
  ASSERT_TRUE(allowed.Add("exec:vault read x@*:5432").ok());
  EXPECT_THAT(*allowed.TargetsOf("env:A"), ElementsAre("10.0.0.0/8:5432", "db.internal"));
  EXPECT_THAT(*allowed.TargetsOf("file:/run/a@b"), IsEmpty());
  EXPECT_THAT(*allowed.TargetsOf("exec:vault read x"), ElementsAre("*:5432"));
  ASSERT_TRUE(allowed.Add("env:A").ok());
  ASSERT_TRUE(allowed.Add("env:A@127.0.0.1").ok());
  EXPECT_THAT(*allowed.TargetsOf("env:A"), IsEmpty());
}

TEST(AllowedSecrets, WhatIsNoReferenceOrTargetIsRefused) {
  AllowedSecrets allowed;
  for (const char* wrong : {"", "PGPASSWORD", "env:", "controller:x", "env:A@", "env:A@10.0.0.0/33", "env:A@db:0",
                            "env:A@db:x", "env:A@db:65536", "env:A@a b", "env:A@[::1", "env:A@[::1]5432"}) {
    EXPECT_EQ(allowed.Add(wrong).code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
  for (const char* secret : {"hunter2", "exec:sh -c 'echo hunter2@ x'"}) {
    EXPECT_THAT(std::string(allowed.Add(secret).message()), Not(HasSubstr("hunter2")));
  }
}

TEST(Covers, WhatIsReallyDialled) {
  EXPECT_TRUE(MayGo("10.0.4.172", "10.0.4.172", 5432));
  EXPECT_TRUE(MayGo("10.0.4.172:5432", "10.0.4.172", 5432));
  EXPECT_TRUE(MayGo("10.0.4.172", "::ffff:10.0.4.172", 5432));
  EXPECT_FALSE(MayGo("10.0.4.172:5432", "10.0.4.172", 5433));
  EXPECT_FALSE(MayGo("10.0.4.172", "10.0.4.173", 5432));
  EXPECT_TRUE(MayGo("10.0.0.0/8", "10.255.0.1", 1));
  EXPECT_FALSE(MayGo("10.0.0.0/8", "11.0.0.1", 1));
  EXPECT_TRUE(MayGo("0.0.0.0/0", "11.0.0.1", 1));
  EXPECT_FALSE(MayGo("0.0.0.0/0", "fd00::1", 1));
  EXPECT_TRUE(MayGo("[fd00::/8]:5432", "fd12::1", 5432));
  EXPECT_TRUE(MayGo("fd00::/8", "fd12::1%eth0", 5432));
  EXPECT_FALSE(MayGo("[fd00::/8]:5432", "fe12::1", 5432));
  EXPECT_TRUE(MayGo("*:5432", "192.0.2.1", 5432));
  EXPECT_FALSE(MayGo("*:5432", "192.0.2.1", 5433));
}

TEST(Covers, ANameIsWhatItLeadsToHereAndNotWhatAPlanCallsAnAddress) {
  EXPECT_TRUE(MayGo("db.internal:5432", "10.0.4.172", 5432));
  EXPECT_TRUE(MayGo("db.internal", "fd00::5", 5432));
  EXPECT_FALSE(MayGo("db.internal", "127.0.0.1", 5432));
  EXPECT_FALSE(MayGo("elsewhere.internal", "10.0.4.172", 5432));
  EXPECT_FALSE(MayGo("db.internal", "db.internal", 5432)) << "only addresses are dialled";
}

// --- What a served agent makes of it.

v1::Assignment Sent(const std::string& ref, const std::string& value) {
  v1::Assignment assignment;
  assignment.add_secrets()->set_ref(ref);
  assignment.mutable_secrets(0)->set_value(value);
  return assignment;
}

TEST(ServedSecrets, APlanReadsNoVariableThatWasNotAllowed) {
  setenv("PARALLAX_TEST_SECRET", "own", 1);
  AllowedSecrets other;
  ASSERT_TRUE(other.Add("env:OTHER").ok());
  for (const AllowedSecrets& own : {AllowedSecrets(), other}) {
    const auto secret = Secrets({}, own).Resolve("env:PARALLAX_TEST_SECRET");
    EXPECT_EQ(secret.status().code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(secret.status().message()),
                AllOf(HasSubstr("--allow-secret env:PARALLAX_TEST_SECRET"), Not(HasSubstr("own"))));
    const auto sent = Secrets(Sent("env:PARALLAX_TEST_SECRET", "sent"), own).Resolve("env:PARALLAX_TEST_SECRET");
    ASSERT_TRUE(sent.ok());
    EXPECT_EQ(sent->value, "sent") << "what the controller sends is the controller's";
  }
  unsetenv("PARALLAX_TEST_SECRET");
  const auto unset = Secrets({}, {}).Resolve("env:PARALLAX_TEST_SECRET");
  setenv("PARALLAX_TEST_SECRET", "own", 1);
  const auto set = Secrets({}, {}).Resolve("env:PARALLAX_TEST_SECRET");
  EXPECT_EQ(unset.status(), set.status()) << "a denial does not tell what is there";
  unsetenv("PARALLAX_TEST_SECRET");
}

TEST(ServedSecrets, OneThatIsAllowedKeepsItsTargets) {
  setenv("PARALLAX_TEST_SECRET", "own", 1);
  AllowedSecrets own;
  ASSERT_TRUE(own.Add("env:PARALLAX_TEST_SECRET@db.internal:5432").ok());
  const auto secret = Secrets(Sent("env:PARALLAX_TEST_SECRET", "sent"), own).Resolve("env:PARALLAX_TEST_SECRET");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->value, "own");
  EXPECT_THAT(secret->only_to, ElementsAre("db.internal:5432"));
  unsetenv("PARALLAX_TEST_SECRET");
}

TEST(ServedSecrets, WhatIsHandedToTheClientProcessStaysNarrowed) {
  v1::Assignment assignment = Sent("controller:resolved", "own");
  for (const char* target : {"db.internal:5432", "10.0.0.0/8"}) {
    assignment.add_secrets()->set_ref("only-to:controller:resolved");
    assignment.mutable_secrets(assignment.secrets_size() - 1)->set_value(target);
  }
  const auto secret = Secrets(assignment, {}).Resolve("controller:resolved");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->value, "own");
  EXPECT_THAT(secret->only_to, ElementsAre("db.internal:5432", "10.0.0.0/8"));
}

TEST(ServedSecrets, FilesAndCommandsWordForWord) {
  AllowedSecrets own;
  ASSERT_TRUE(own.Add("exec:printf allowed").ok());
  EXPECT_EQ(Secrets({}, own).Resolve("exec:printf allowed")->value, "allowed");
  EXPECT_EQ(Secrets({}, own).Resolve("exec:printf other").status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Secrets({}, own).Resolve("file:/etc/hostname").status().code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace parallax::policy
