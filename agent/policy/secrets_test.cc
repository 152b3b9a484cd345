#include "agent/policy/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>

#include "agent/policy/credential_helper.h"

namespace parallax::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::Assignment Sent(const std::string& ref, const std::string& value) {
  v1::Assignment assignment;
  auto* secret = assignment.add_secrets();
  secret->set_ref(ref);
  secret->set_value(value);
  return assignment;
}

TEST(Secrets, TheAgentsOwnEnvironmentGoesFirst) {
  setenv("PARALLAX_TEST_SECRET", "own", 1);
  const auto secret = Secrets(Sent("env:PARALLAX_TEST_SECRET", "sent"), true).Resolve("env:PARALLAX_TEST_SECRET");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->value, "own");
  EXPECT_EQ(secret->origin, "environment of the agent");
  unsetenv("PARALLAX_TEST_SECRET");
}

TEST(Secrets, ASentValueStandsInForAnUnsetVariable) {
  unsetenv("PARALLAX_TEST_SECRET");
  const auto secret = Secrets(Sent("env:PARALLAX_TEST_SECRET", "sent"), true).Resolve("env:PARALLAX_TEST_SECRET");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->value, "sent");
  EXPECT_EQ(secret->origin, "sent by the controller");
}

TEST(Secrets, NotFoundNamesTheReferenceAndWhatToSet) {
  unsetenv("PARALLAX_TEST_SECRET");
  const auto secret = Secrets(Sent("env:OTHER", "hunter2"), true).Resolve("env:PARALLAX_TEST_SECRET");
  EXPECT_EQ(secret.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(secret.status().message(), HasSubstr("set PARALLAX_TEST_SECRET"));
  EXPECT_THAT(secret.status().message(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(Secrets().Resolve("controller:x").status().code(), absl::StatusCode::kNotFound);
}

TEST(Secrets, AReferenceWithoutASchemeIsNotEchoed) {
  const auto secret = Secrets().Resolve("hunter2");  // someone wrote the password where its reference belongs
  EXPECT_EQ(secret.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(secret.status().message(), Not(HasSubstr("hunter2")));
}

TEST(Secrets, ControllerValues) {
  const auto secret = Secrets(Sent("controller:pg", "sent"), false).Resolve("controller:pg");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->value, "sent");
}

TEST(Secrets, FilesAndCommandsOnlyWhereAllowed) {
  EXPECT_EQ(Secrets({}, false).Resolve("file:/etc/hostname").status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Secrets({}, false).Resolve("exec:echo x").status().code(), absl::StatusCode::kPermissionDenied);
}

TEST(Secrets, FileWithoutItsTrailingNewline) {
  const std::string path = ::testing::TempDir() + "/parallax_secret";
  std::ofstream(path) << " pass word \n";
  const auto secret = Secrets({}, true).Resolve("file:" + path);
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->value, " pass word ");
}

TEST(Secrets, FilesAreBoundedAndRegular) {
  const std::string path = ::testing::TempDir() + "/parallax_secret_large";
  std::ofstream(path) << std::string(kMaxSecretBytes + 1, 'x');
  EXPECT_THAT(Secrets({}, true).Resolve("file:" + path).status().message(), HasSubstr("larger than"));
  const std::string fifo = ::testing::TempDir() + "/parallax_secret_fifo";
  mkfifo(fifo.c_str(), 0600);
  EXPECT_THAT(Secrets({}, true).Resolve("file:" + fifo).status().message(), HasSubstr("not a regular file"));
  EXPECT_THAT(Secrets({}, true).Resolve("file:/nonexistent").status().message(), HasSubstr("No such file"));
}

TEST(CredentialHelper, ItsOutputIsTheSecret) {
  const auto secret = Secrets({}, true).Resolve("exec:printf 'pa ss\\n'");
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->value, "pa ss");
}

TEST(CredentialHelper, FailuresNameTheCommandButNeverItsOutputOrArguments) {
  const auto failed = RunCredentialHelper("sh -c 'echo hunter2; exit 3'");
  EXPECT_THAT(failed.status().message(), HasSubstr("'sh' ended with exit code 3"));
  EXPECT_THAT(failed.status().message(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(RunCredentialHelper("parallax-no-such-helper").status().message(), HasSubstr("cannot be started"));
  EXPECT_THAT(RunCredentialHelper("sh -c 'kill -9 $$'").status().message(), HasSubstr("signal 9"));
  EXPECT_THAT(RunCredentialHelper("'open").status().message(), HasSubstr("never closed"));
}

TEST(CredentialHelper, IsBoundedInTimeAndSize) {
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(RunCredentialHelper("sleep 60", 50).status().code(), absl::StatusCode::kDeadlineExceeded);
  // It closes its stdout and stays: still bounded.
  EXPECT_EQ(RunCredentialHelper("sh -c 'exec >&-; sleep 60'", 50).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(RunCredentialHelper("yes").status().message(), HasSubstr("more than"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

}  // namespace
}  // namespace parallax::policy
