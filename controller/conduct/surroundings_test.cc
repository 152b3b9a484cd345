#include "controller/conduct/surroundings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace parallax::conduct {
namespace {

class SurroundingsTest : public ::testing::Test {
 protected:
  SurroundingsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parallax_around_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~SurroundingsTest() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& text, mode_t mode) {
    const std::string path = folder_ + "/file";
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    return path;
  }

  std::string folder_;
};

TEST_F(SurroundingsTest, AFileIsReadWithItsMode) {
  plan::FileText file = ReadPlainFile(Write("a:b", 0600));
  EXPECT_TRUE(file.there && file.regular && file.private_file);
  EXPECT_EQ(file.text, "a:b");
  EXPECT_EQ(file.error, "");
  EXPECT_FALSE(ReadPlainFile(Write("a:b", 0640)).private_file);
  EXPECT_FALSE(ReadPlainFile(Write("a:b", 0604)).private_file);
}

TEST_F(SurroundingsTest, WhatIsNotThereIsNoError) {
  const plan::FileText file = ReadPlainFile(folder_ + "/none");
  EXPECT_FALSE(file.there);
  EXPECT_EQ(file.error, "");
}

TEST_F(SurroundingsTest, NothingThatCouldBlockIsRead) {
  const std::string pipe = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {pipe, folder_, std::string("/dev/zero")}) {
    const plan::FileText file = ReadPlainFile(path);
    EXPECT_TRUE(file.there) << path;
    EXPECT_FALSE(file.regular) << path;
    EXPECT_EQ(file.text, "") << path;
  }
}

TEST_F(SurroundingsTest, AFileWithoutEndIsCut) {
  const plan::FileText file = ReadPlainFile(Write(std::string(3 << 20, 'x'), 0600));
  EXPECT_THAT(file.error, ::testing::HasSubstr("1 MiB"));
  EXPECT_LT(file.text.size(), size_t{2} << 20);
}

TEST_F(SurroundingsTest, OfTheEnvironmentWhatIsLibpqs) {
  setenv("PGHOST", "db.test", 1);
  setenv("PARALLAX_TEST_OTHER", "x", 1);
  setenv("HOME", folder_.c_str(), 1);
  const plan::Surroundings around = OurSurroundings();
  EXPECT_EQ(around.Variable("PGHOST"), "db.test");
  EXPECT_EQ(around.Variable("PARALLAX_TEST_OTHER"), "");
  EXPECT_EQ(around.home, folder_);
  EXPECT_NE(around.os_user, "");
  unsetenv("PGHOST");
}

}  // namespace
}  // namespace parallax::conduct
