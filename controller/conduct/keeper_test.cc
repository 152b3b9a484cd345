// Stores that another process holds, for real.
#include "controller/conduct/keeper.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "controller/store/database.h"

namespace parallax::conduct {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class KeeperTest : public ::testing::Test {
 protected:
  KeeperTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parallax_keeper_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ + "/runs.db";
  }
  ~KeeperTest() override { std::filesystem::remove_all(folder_); }

  static v1::Run NewRun(const std::string& id) {
    v1::Run run;
    run.set_id(id);
    run.set_version(1);
    run.set_started_unix_ns(5);
    return run;
  }
  // Of a try, and of all.
  static Keeper::Patience Short() { return {20, std::chrono::milliseconds(200)}; }
  // Long enough never to be over.
  static Keeper::Patience Long() { return {20, std::chrono::hours(1)}; }
  std::unique_ptr<Keeper> Open(Keeper::Patience patience) {
    auto keeper = Keeper::Open(path_, patience);
    EXPECT_TRUE(keeper.ok()) << keeper.status();
    return *std::move(keeper);
  }
  // Another process's: SQLite tells connections apart, not processes.
  std::unique_ptr<store::Database> Lock(const std::string& how) {
    auto other = store::Database::Open(path_, 1000);
    EXPECT_TRUE(other.ok()) << other.status();
    const auto locked = (*other)->Run(how);
    EXPECT_TRUE(locked.ok()) << locked;
    return *std::move(other);
  }
  absl::StatusOr<v1::Run> Stored(const std::string& id) {
    auto store = store::OpenStore(path_);
    return store.ok() ? (*store)->Get(id) : store.status();
  }

  std::string folder_;
  std::string path_;
  const std::atomic<bool> not_interrupted_{false};
  const std::atomic<bool> interrupted_{true};
};

TEST_F(KeeperTest, KeepsARunAndItsEnd) {
  const auto keeper = Open(Long());
  keeper->KeepSoFar(NewRun("aaaa1111"));
  EXPECT_TRUE(keeper->IsKept("aaaa1111"));
  EXPECT_TRUE(Stored("aaaa1111")->interrupted());
  keeper->Keep(NewRun("aaaa1111"), "healthy", "");
  EXPECT_EQ(keeper->Finish(not_interrupted_), "");
  EXPECT_FALSE(Stored("aaaa1111")->interrupted());
}

TEST_F(KeeperTest, WhoIsKilledLosesNothingThatWasGiven) {
  Open(Long())->KeepSoFar(NewRun("aaaa1111"));
  EXPECT_TRUE(Stored("aaaa1111").ok());
}

// Nothing is waited for but Finish, and Finish no longer than it says; the run is not lost.
TEST_F(KeeperTest, AStoreThatStaysLockedCostsNoRun) {
  const auto keeper = Open(Short());
  const auto other = Lock("BEGIN IMMEDIATE");
  for (int phase = 0; phase < 1000; ++phase) keeper->KeepSoFar(NewRun("aaaa1111"));
  keeper->Keep(NewRun("aaaa1111"), "healthy", "");
  keeper->Keep(NewRun("bbbb2222"), "healthy", "");
  EXPECT_FALSE(keeper->IsKept("aaaa1111"));
  const std::string said = keeper->Finish(not_interrupted_);
  const std::string file = path_ + ".aaaa1111.txtpb";
  EXPECT_THAT(said, AllOf(HasSubstr("2 runs are not in the store"), HasSubstr("locked by another process"),
                          HasSubstr("2 are kept in a file beside it: parallax show " + file)));
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  v1::Run written;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text.str(), &written)) << text.str();
  EXPECT_EQ(written.id(), "aaaa1111");
  EXPECT_FALSE(written.interrupted()) << "its end, not one of its phases";
  struct stat facts {};
  ASSERT_EQ(stat(file.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(KeeperTest, ALockThatEndsIsWaitedOut) {
  const auto keeper = Open(Long());
  const auto other = Lock("BEGIN IMMEDIATE");
  keeper->Keep(NewRun("aaaa1111"), "healthy", "");
  EXPECT_FALSE(keeper->IsKept("aaaa1111")) << "the lock was met";
  ASSERT_TRUE(other->Run("ROLLBACK").ok());
  EXPECT_EQ(keeper->Finish(not_interrupted_), "");
  EXPECT_TRUE(keeper->IsKept("aaaa1111"));
}

TEST_F(KeeperTest, AStoreThatIsLockedWhenItIsOpenedIsOpenedLater) {
  // A new database, before its first schema: not even reading is possible.
  const auto made = open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  ASSERT_GE(made, 0);
  close(made);
  const auto other = Lock("BEGIN EXCLUSIVE");
  const auto keeper = Open(Long());
  ASSERT_NE(keeper, nullptr);
  keeper->Keep(NewRun("aaaa1111"), "healthy", "");
  EXPECT_FALSE(keeper->IsKept("aaaa1111"));
  ASSERT_TRUE(other->Run("ROLLBACK").ok());
  EXPECT_EQ(keeper->Finish(not_interrupted_), "");
  EXPECT_TRUE(Stored("aaaa1111").ok());
}

TEST_F(KeeperTest, WhoIsInterruptedIsNotHeldByALock) {
  const auto keeper = Open(Long());
  const auto other = Lock("BEGIN IMMEDIATE");
  keeper->Keep(NewRun("aaaa1111"), "healthy", "");
  EXPECT_THAT(keeper->Finish(interrupted_), HasSubstr("this run is not in the store"));
}

TEST_F(KeeperTest, ANamedStoreThatIsNoneIsAnError) {
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  EXPECT_FALSE(Keeper::Open(path_).ok());
}

}  // namespace
}  // namespace parallax::conduct
