// Files and disks that a store cannot work with: each says what and where, and is left as it is.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "controller/store/run_store.h"

namespace parallax::store {
namespace {

using ::testing::HasSubstr;

class BadFileTest : public ::testing::Test {
 protected:
  BadFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parallax_store_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/runs.db";
  }
  ~BadFileTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  void Write(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
  std::string Read() const {
    std::stringstream all;
    all << std::ifstream(path_, std::ios::binary).rdbuf();
    return all.str();
  }
  std::string folder_;
  std::string path_;
};

v1::Run BigRun(int i) {
  v1::Run run;
  run.set_id("big-run-" + std::to_string(i));
  run.set_title(std::string(64 * 1024, 'x'));
  return run;
}

void ExpectDataLoss(const absl::Status& status, const std::string& path) {
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--store"));
}

TEST_F(BadFileTest, WhatIsNoDatabaseIsLeftAsItIs) {
  Write("precious notes of somebody\n");
  ExpectDataLoss(OpenSqliteStore(path_).status(), path_);
  EXPECT_EQ(Read(), "precious notes of somebody\n");
}

TEST_F(BadFileTest, ADatabaseOfAnotherProgramIsLeftAsItIs) {
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &connection), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(connection, "CREATE TABLE runs (a)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(connection);
  const std::string before = Read();
  const auto status = OpenSqliteStore(path_).status();
  ExpectDataLoss(status, path_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another program"));
  EXPECT_EQ(Read(), before);
}

TEST_F(BadFileTest, ACorruptFileIsLeftAsItIs) {
  {
    auto store = OpenSqliteStore(path_);
    ASSERT_TRUE(store.ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*store)->Put(BigRun(i), "", "").ok());
  }
  std::string bytes = Read();
  ASSERT_GT(bytes.size(), 8192U);
  bytes.replace(100, 8000, std::string(8000, '\x5a'));
  Write(bytes);
  ExpectDataLoss(OpenSqliteStore(path_).status(), path_);
  EXPECT_EQ(Read(), bytes);
}

TEST_F(BadFileTest, ATruncatedFileIsLeftAsItIs) {
  {
    auto store = OpenSqliteStore(path_);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*store)->Put(BigRun(i), "", "").ok());
  }
  const std::string bytes = Read().substr(0, 4096 * 3 + 17);
  Write(bytes);
  ExpectDataLoss(OpenSqliteStore(path_).status(), path_);
  EXPECT_EQ(Read(), bytes);
}

TEST_F(BadFileTest, AFolderIsNoStore) {
  EXPECT_FALSE(OpenSqliteStore(folder_).ok());
  EXPECT_THAT(std::string(OpenSqliteStore(folder_).status().message()), HasSubstr(folder_));
}

TEST_F(BadFileTest, APlainFileWhereTheFolderShouldBe) {
  Write("x");
  const auto status = OpenSqliteStore(path_ + "/parallax/runs.db").status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("Not a directory"));
}

TEST_F(BadFileTest, AFolderThatMayNotBeWritten) {
  const pid_t child = fork();
  if (child == 0) {  // root may write anywhere, so somebody else asks
    if (geteuid() == 0 && (chmod(folder_.c_str(), 0755) != 0 || setuid(65534) != 0)) _exit(3);
    if (geteuid() != 65534) chmod(folder_.c_str(), 0500);
    const auto status = OpenSqliteStore(path_).status();
    const bool told = std::string(status.message()).find(path_) != std::string::npos;
    _exit(absl::IsPermissionDenied(status) && told ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

// Runs until the store is full; then what was put before must still be there.
int FillUp(const std::string& path) {
  auto store = OpenSqliteStore(path);
  if (!store.ok()) return 10;
  int kept = 0;
  absl::Status status;
  while (kept < 1000 && (status = (*store)->Put(BigRun(kept), "", "")).ok()) ++kept;
  if (!absl::IsResourceExhausted(status)) return 11;
  if (std::string(status.message()).find(path) == std::string::npos) return 12;
  const auto lines = (*store)->List(2000);
  if (!lines.ok() || lines->size() != static_cast<size_t>(kept)) return 13;
  return kept > 0 ? 0 : 14;
}

TEST_F(BadFileTest, AFileThatMayNotGrowKeepsWhatItHas) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(3);
    _exit(FillUp(path_));
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(OpenSqliteStore(path_).ok());
}

TEST_F(BadFileTest, AFullDiskKeepsWhatItHas) {
  constexpr int kNoMount = 77;
  const pid_t child = fork();
  if (child == 0) {
    // A disk of our own, seen by this process alone.
    const bool alone = unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    if (!alone || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", folder_.c_str(), "tmpfs", 0, "size=1m") != 0) {
      _exit(kNoMount);
    }
    _exit(FillUp(path_));
  }
  int status = -1;
  waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == kNoMount) GTEST_SKIP() << "no tmpfs of our own: this needs root or user namespaces";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace parallax::store
