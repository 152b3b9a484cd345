// A store that another process holds, an output that nobody reads: each ends, in words.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "tests/e2e/cli_fixture.h"

namespace parallax::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HardshipTest : public CliTest {
 protected:
  // Polls, for what another process does to a file; false when that takes longer than half a minute.
  template <typename Condition>
  static bool Await(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      usleep(10'000);
    }
    return true;
  }
};

TEST_F(HardshipTest, ALockedStoreDelaysNoReport) {
  ASSERT_NE(Run(Compare()).exit, 2) << "the store is there";
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(Store().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const std::string report = home_ + "/report.json";
  Child child(Words(Compare({"--format", "json", "--output", report})), options_);
  EXPECT_TRUE(Await([&] { return std::filesystem::exists(report); })) << "it waits for the store";
  EXPECT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  const ChildResult result = child.Wait();
  EXPECT_EQ(result.err, "") << "the lock went away in time: nothing is lost";
  EXPECT_THAT(ReadFile(report), HasSubstr("\"status\""));
  EXPECT_THAT(Run({"show", "last"}).out, Not(HasSubstr("INTERRUPTED"))) << "the run's end is stored, not a phase of it";
}

TEST_F(HardshipTest, AStoreThatStaysLockedIsToldOnceAndTheRunIsKeptBesideIt) {
  ASSERT_NE(Run(Compare()).exit, 2);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(Store().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const ChildResult result = Run(Compare());
  sqlite3_close(other);
  EXPECT_NE(result.exit, 2) << result.err;
  EXPECT_THAT(result.err, HasSubstr("this run is not in the store"));
  const std::string before = "parallax show ";
  const size_t at = result.err.find(before + Store());
  ASSERT_NE(at, std::string::npos) << result.err;
  const size_t begin = at + before.size();
  EXPECT_EQ(result.err.find("not in the store", result.err.find("not in the store") + 1), std::string::npos);
  const ChildResult shown = Run({"show", result.err.substr(begin, result.err.find('\n', begin) - begin)});
  EXPECT_THAT(shown.out, HasSubstr("tcp://127.0.0.1:1"));
}

TEST_F(HardshipTest, TheFirstSignalEndsOneWhoseOutputNobodyReads) {
  options_.stdout_is_full = true;
  Child child(Words(Compare()), options_);
  options_.stdout_is_full = false;
  // Its status is there once all was observed; then comes the report.
  ASSERT_TRUE(Await([&] {
    if (!std::filesystem::exists(Store())) return false;
    const std::string history = Run({"history", "--format", "json"}).out;
    return history.find("\"status\": \"") != std::string::npos && history.find("\"status\": \"\"") == std::string::npos;
  }));
  kill(child.pid(), SIGTERM);
  EXPECT_EQ(child.Wait().exit, 130);
}

TEST_F(HardshipTest, TheFirstSignalEndsACommandThatWasStartedWithItBlocked) {
  options_.stdout_is_full = true;
  sigset_t ends;
  sigset_t before;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, &before);
  Child child(Words({"causes"}), options_);  // more than the pipe takes
  sigprocmask(SIG_SETMASK, &before, nullptr);
  kill(child.pid(), SIGTERM);
  EXPECT_EQ(child.Wait().exit, 128 + SIGTERM);
}

}  // namespace
}  // namespace parallax::e2e
