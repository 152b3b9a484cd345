// What a store keeps, for whom, and across versions and processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "controller/store/migrations.h"
#include "controller/store/run_store.h"

namespace parallax::store {
namespace {

using ::testing::HasSubstr;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parallax_store_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/state/parallax/runs.db";
  }
  ~StoreTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::unique_ptr<RunStore> Open() const {
    auto store = OpenSqliteStore(path_);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  void Sql(const std::string& sql) const {
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path());
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &connection), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(connection);
  }

  std::string folder_;
  std::string path_;
};

v1::Run NewRun(const std::string& id, int64_t started) {
  v1::Run run;
  run.set_id(id);
  run.set_version(1);
  run.set_started_unix_ns(started);
  run.add_targets()->set_url("tcp://10.0.4.172:5432");
  return run;
}

TEST_F(StoreTest, KeepsWhatWasPut) {
  v1::Run run = NewRun("aaaa11112222", 5);
  run.set_title(std::string("zero\0byte", 9));
  ASSERT_TRUE(Open()->Put(run, "diverged", "tunnel.carrier_dead").ok());
  const auto store = Open();
  const auto back = store->Get("aaaa11112222");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->SerializeAsString(), run.SerializeAsString());
  const auto lines = store->List(10);
  ASSERT_TRUE(lines.ok());
  ASSERT_EQ(lines->size(), 1U);
  EXPECT_EQ((*lines)[0].status, "diverged");
  EXPECT_EQ((*lines)[0].cause, "tunnel.carrier_dead");
  EXPECT_EQ((*lines)[0].targets, "tcp://10.0.4.172:5432");
}

TEST_F(StoreTest, PuttingAgainReplaces) {
  const auto store = Open();
  ASSERT_TRUE(store->Put(NewRun("aaaa11112222", 5), "", "").ok());
  ASSERT_TRUE(store->Put(NewRun("aaaa11112222", 7), "healthy", "").ok());
  const auto lines = store->List(10);
  ASSERT_EQ(lines->size(), 1U);
  EXPECT_EQ((*lines)[0].started_unix_ns, 7);
  EXPECT_EQ((*lines)[0].status, "healthy");
}

TEST_F(StoreTest, ListsTheNewestFirstUpToTheLimit) {
  const auto store = Open();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(store->Put(NewRun("run0" + std::to_string(i), i), "", "").ok());
  const auto lines = store->List(2);
  ASSERT_EQ(lines->size(), 2U);
  EXPECT_EQ((*lines)[0].id, "run04");
  EXPECT_EQ((*lines)[1].id, "run03");
  EXPECT_EQ(store->Get("last")->id(), "run04");
}

TEST_F(StoreTest, FindsByAPrefixThatIsUnique) {
  const auto store = Open();
  ASSERT_TRUE(store->Put(NewRun("abcd1111", 1), "", "").ok());
  ASSERT_TRUE(store->Put(NewRun("abcd2222", 2), "", "").ok());
  EXPECT_EQ(store->Get("abcd1")->id(), "abcd1111");
  EXPECT_TRUE(absl::IsInvalidArgument(store->Get("abcd").status()));
  EXPECT_THAT(std::string(store->Get("abcd").status().message()), HasSubstr("abcd1111, abcd2222"));
  EXPECT_TRUE(absl::IsInvalidArgument(store->Get("abc").status()));
  EXPECT_TRUE(absl::IsNotFound(store->Get("ffff").status()));
  EXPECT_TRUE(absl::IsNotFound(store->Get("%%%%").status()));  // no pattern
}

TEST_F(StoreTest, AnEmptyStoreSaysSo) {
  const auto last = Open()->Get("last");
  EXPECT_TRUE(absl::IsNotFound(last.status()));
  EXPECT_THAT(std::string(last.status().message()), HasSubstr("no run at all"));
}

TEST_F(StoreTest, IsForItsOwnerAlone) {
  const auto store = Open();
  ASSERT_TRUE(store->Put(NewRun("aaaa11112222", 5), "", "").ok());
  struct stat facts {};
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  ASSERT_EQ(stat((folder_ + "/state/parallax").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700U);
  ASSERT_EQ(stat((path_ + "-wal").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(StoreTest, TwoProcessesThatWriteAtOnceLoseNothing) {
  constexpr int kProcesses = 4;
  constexpr int kRuns = 25;
  // The file itself is made by whoever comes first, so that opening is part of the race.
  for (int process = 0; process < kProcesses; ++process) {
    if (fork() != 0) continue;
    auto store = OpenSqliteStore(path_);
    bool fine = store.ok();
    for (int i = 0; fine && i < kRuns; ++i) {
      fine = (*store)->Put(NewRun("p" + std::to_string(process) + "-run" + std::to_string(i), i), "", "").ok();
    }
    _exit(fine ? 0 : 1);
  }
  for (int process = 0; process < kProcesses; ++process) {
    int status = -1;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  const auto lines = Open()->List(1000);
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ(lines->size(), size_t{kProcesses * kRuns});
}

TEST_F(StoreTest, AnEmptyFileOfVersion0BecomesTheCurrentOne) {
  Sql("PRAGMA application_id = 1347570776; PRAGMA user_version = 0");
  ASSERT_TRUE(Open()->Put(NewRun("aaaa11112222", 5), "", "").ok());
  auto database = Database::Open(path_, kBusyMs);
  EXPECT_EQ(*(*database)->Number("PRAGMA user_version"), CurrentSchemaVersion());
  EXPECT_EQ(*(*database)->Number("PRAGMA application_id"), kApplicationId);
}

TEST_F(StoreTest, AnOlderVersionKeepsItsRuns) {
  // As version 1 made it, by hand: this test must not follow the code when the code changes.
  Sql("PRAGMA application_id = 1347570776; PRAGMA user_version = 1;"
      "CREATE TABLE runs (id TEXT PRIMARY KEY NOT NULL, run BLOB NOT NULL, started_unix_ns INTEGER NOT NULL,"
      " targets TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT '', cause TEXT NOT NULL DEFAULT '');"
      "INSERT INTO runs VALUES ('old1old1', X'0A086F6C64316F6C64311001', 3, 'tcp://h:1', 'healthy', '')");
  const auto store = Open();
  const auto run = store->Get("old1");
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->id(), "old1old1");
  ASSERT_TRUE(store->Put(NewRun("new1new1", 5), "", "").ok());
  EXPECT_EQ(store->List(10)->size(), 2U);
  auto database = Database::Open(path_, kBusyMs);
  EXPECT_EQ(*(*database)->Number("PRAGMA user_version"), CurrentSchemaVersion());
}

TEST_F(StoreTest, ANewerVersionIsRefusedAndLeftAlone) {
  Sql("PRAGMA application_id = 1347570776; PRAGMA user_version = 99; CREATE TABLE runs (id)");
  const auto store = OpenSqliteStore(path_);
  EXPECT_TRUE(absl::IsFailedPrecondition(store.status()));
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("newer release (schema 99"));
  auto database = Database::Open(path_, kBusyMs);
  EXPECT_EQ(*(*database)->Number("PRAGMA user_version"), 99);
}

TEST_F(StoreTest, ARunOfANewerReleaseIsRefused) {
  v1::Run run = NewRun("aaaa11112222", 5);
  run.set_version(1000);
  const auto store = Open();
  ASSERT_TRUE(store->Put(run, "", "").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(store->Get("last").status()));
}

TEST_F(StoreTest, OpenStoreKnowsItsUrls) {
  EXPECT_TRUE(OpenStore("sqlite:" + path_).ok());
  EXPECT_TRUE(OpenStore(path_).ok());
  const auto later = OpenStore("postgresql://u:hunter2@h/db");
  EXPECT_THAT(std::string(later.status().message()), HasSubstr("later release"));
  EXPECT_THAT(std::string(later.status().message()), ::testing::Not(HasSubstr("hunter2")));
  EXPECT_TRUE(absl::IsInvalidArgument(OpenStore("redis://h").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(OpenStore("sqlite:").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(OpenStore(std::string(10'000, 'x')).status()));
}

TEST_F(StoreTest, TheDefaultIsInTheStateFolder) {
  setenv("XDG_STATE_HOME", folder_.c_str(), 1);
  ASSERT_TRUE(OpenStore("").ok());
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/parallax/runs.db"));
  setenv("XDG_STATE_HOME", "relative", 1);
  setenv("HOME", folder_.c_str(), 1);
  ASSERT_TRUE(OpenStore("").ok());
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/.local/state/parallax/runs.db"));
  unsetenv("XDG_STATE_HOME");
}

}  // namespace
}  // namespace parallax::store
