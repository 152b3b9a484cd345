#include "agent/policy/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

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
  const auto secret = Secrets(Sent("env:PARALLAX_TEST_SECRET", "sent"), AllowedSecrets::Everything())
                          .Resolve("env:PARALLAX_TEST_SECRET");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->value, "own");
  EXPECT_EQ(secret->origin, "environment of the agent");
  unsetenv("PARALLAX_TEST_SECRET");
}

TEST(Secrets, ASentValueStandsInForAnUnsetVariable) {
  unsetenv("PARALLAX_TEST_SECRET");
  const auto secret = Secrets(Sent("env:PARALLAX_TEST_SECRET", "sent"), AllowedSecrets::Everything())
                          .Resolve("env:PARALLAX_TEST_SECRET");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->value, "sent");
  EXPECT_EQ(secret->origin, "sent by the controller");
}

TEST(Secrets, NotFoundNamesTheReferenceAndWhatToSet) {
  unsetenv("PARALLAX_TEST_SECRET");
  const auto secret =
      Secrets(Sent("env:OTHER", "hunter2"), AllowedSecrets::Everything()).Resolve("env:PARALLAX_TEST_SECRET");
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
  const auto secret = Secrets(Sent("controller:pg", "sent"), {}).Resolve("controller:pg");
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->value, "sent");
}

TEST(Secrets, FilesAndCommandsOnlyWhereAllowed) {
  EXPECT_EQ(Secrets({}, {}).Resolve("file:/etc/hostname").status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Secrets({}, {}).Resolve("exec:echo x").status().code(), absl::StatusCode::kPermissionDenied);
}

TEST(Secrets, FileWithoutItsTrailingNewline) {
  const std::string path = ::testing::TempDir() + "/parallax_secret";
  std::ofstream(path) << " pass word \n";
  const auto secret = Secrets({}, AllowedSecrets::Everything()).Resolve("file:" + path);
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->value, " pass word ");
}

TEST(Secrets, FilesAreBoundedAndRegular) {
  const std::string path = ::testing::TempDir() + "/parallax_secret_large";
  std::ofstream(path) << std::string(kMaxSecretBytes + 1, 'x');
  EXPECT_THAT(Secrets({}, AllowedSecrets::Everything()).Resolve("file:" + path).status().message(),
              HasSubstr("larger than"));
  const std::string fifo = ::testing::TempDir() + "/parallax_secret_fifo";
  mkfifo(fifo.c_str(), 0600);
  EXPECT_THAT(Secrets({}, AllowedSecrets::Everything()).Resolve("file:" + fifo).status().message(),
              HasSubstr("it is a FIFO"));
  EXPECT_THAT(Secrets({}, AllowedSecrets::Everything()).Resolve("file:/nonexistent").status().message(),
              HasSubstr("No such file"));
}

TEST(CredentialHelper, ItsOutputIsTheSecret) {
  const auto secret = Secrets({}, AllowedSecrets::Everything()).Resolve("exec:printf 'pa ss\\n'");
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
  EXPECT_EQ(RunCredentialHelper("sleep 60", {50, nullptr, -1}).status().code(), absl::StatusCode::kDeadlineExceeded);
  // It closes its stdout and stays: still bounded.
  EXPECT_EQ(RunCredentialHelper("sh -c 'exec >&-; sleep 60'", {50, nullptr, -1}).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(RunCredentialHelper("yes").status().message(), HasSubstr("more than"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

// Blocks until a helper has written an empty line into the FIFO. It is read, and not only opened: a reader that leaves
// before ends the helper's shell by SIGPIPE.
void AwaitLine(const std::string& fifo) {
  std::stringstream line;
  line << std::ifstream(fifo).rdbuf();
  EXPECT_EQ(line.str(), "\n");
}

// A helper that waits for a person must not keep an agent whose controller has left.
TEST(CredentialHelper, WhoGivesUpDoesNotWaitForIt) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::atomic<bool> cancelled{false};
  // It says that it has begun, so that it is cancelled in the middle.
  const std::string begun = ::testing::TempDir() + "/parallax_helper_begun";
  unlink(begun.c_str());
  ASSERT_EQ(mkfifo(begun.c_str(), 0600), 0);
  std::thread canceller([&] {
    AwaitLine(begun);
    cancelled = true;
    EXPECT_EQ(write(ends[1], "x", 1), 1);
  });
  const auto before = std::chrono::steady_clock::now();
  const Patience patience{kHelperTimeoutMs, [&] { return cancelled.load(); }, ends[0]};
  const auto secret = RunCredentialHelper("sh -c 'echo > " + begun + "; sleep 60'", patience);
  EXPECT_EQ(secret.status().code(), absl::StatusCode::kCancelled) << secret.status();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(kHelperTimeoutMs));
  canceller.join();
  close(ends[0]);
  close(ends[1]);
}

TEST(Secrets, AHelperIsStartedOnceAnAssignment) {
  const std::string count = ::testing::TempDir() + "/parallax_helper_count";
  unlink(count.c_str());
  const std::string ref = "exec:sh -c 'echo x >> " + count + "; echo secret'";
  const Secrets secrets({}, AllowedSecrets::Everything());
  std::vector<std::thread> probes;
  for (int i = 0; i < 8; ++i) {
    probes.emplace_back([&] {
      const auto secret = secrets.Resolve(ref);
      EXPECT_TRUE(secret.ok() && secret->value == "secret") << secret.status();
    });
  }
  for (std::thread& probe : probes) probe.join();
  std::stringstream started;
  started << std::ifstream(count).rdbuf();
  EXPECT_EQ(started.str(), "x\n");
  EXPECT_TRUE(Secrets({}, AllowedSecrets::Everything()).Resolve(ref).ok()) << "another assignment asks anew";
  std::stringstream again;
  again << std::ifstream(count).rdbuf();
  EXPECT_EQ(again.str(), "x\nx\n");
}

TEST(Secrets, WhoWaitsForAnothersHelperMayGiveUpToo) {
  const std::string begun = ::testing::TempDir() + "/parallax_other_begun";
  unlink(begun.c_str());
  ASSERT_EQ(mkfifo(begun.c_str(), 0600), 0);
  const std::string ref = "exec:sh -c 'echo > " + begun + "; sleep 60'";
  const Secrets secrets({}, AllowedSecrets::Everything());
  std::atomic<bool> first_gives_up{false};
  std::thread first([&] {
    const Patience patience{kHelperTimeoutMs, [&] { return first_gives_up.load(); }, -1};
    EXPECT_EQ(secrets.Resolve(ref, patience).status().code(), absl::StatusCode::kCancelled);
  });
  AwaitLine(begun);
  EXPECT_EQ(secrets.Resolve(ref, {kHelperTimeoutMs, [] { return true; }, -1}).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(secrets.Resolve(ref, {0, nullptr, -1}).status().code(), absl::StatusCode::kDeadlineExceeded);
  first_gives_up = true;
  first.join();
}

}  // namespace
}  // namespace parallax::policy
