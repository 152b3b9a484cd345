#include "contract/regular_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace parallax::contract {
namespace {

using ::testing::HasSubstr;

class RegularFileTest : public ::testing::Test {
 protected:
  RegularFileTest() {
    std::string name = ::testing::TempDir() + "/regular-file-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~RegularFileTest() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Write(const std::string& bytes) const {
    std::ofstream(Path("file"), std::ios::binary) << bytes;
    return Path("file");
  }
  std::string folder_;
};

TEST_F(RegularFileTest, GivesAllOfItsBytes) {
  const std::string bytes = std::string(200'000, 'x') + '\0' + "end";
  EXPECT_EQ(ReadRegularFile(Write(bytes), bytes.size()).value(), bytes);
  EXPECT_EQ(ReadRegularFile(Write(""), 10).value(), "");
  EXPECT_FALSE(ReadRegularFile("/proc/self/status", 100'000).value().empty()) << "its size is said to be 0";
}

TEST_F(RegularFileTest, OneThatIsTooLargeIsRefusedWithTheBound) {
  const auto read = ReadRegularFile(Write(std::string(101, 'x')), 100);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("100 bytes"));
}

// Each of these would block, or give bytes without end, for who opens and reads it as a file.
TEST_F(RegularFileTest, WhatIsNoPlainFileIsRefusedAtOnce) {
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, Path("socket").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const struct {
    std::string path;
    const char* kind;
  } cases[] = {{Path("fifo"), "FIFO"}, {Path("socket"), "socket"}, {folder_, "directory"}, {"/dev/zero", "device"}};
  for (const auto& [path, kind] : cases) {
    const auto read = ReadRegularFile(path, 100);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kFailedPrecondition) << path;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(kind)) << path;
  }
  EXPECT_FALSE(CheckOpensAtOnce(Path("fifo")).ok());
  EXPECT_FALSE(CheckOpensAtOnce("/dev/zero").ok());
  EXPECT_TRUE(CheckOpensAtOnce(Path("absent")).ok());
  EXPECT_TRUE(CheckOpensAtOnce(Write("x")).ok());
  close(listener);
}

TEST_F(RegularFileTest, WhatIsNotThereIsSaidSo) {
  const auto read = ReadRegularFile(Path("absent"), 100);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("No such file"));
}

}  // namespace
}  // namespace parallax::contract
