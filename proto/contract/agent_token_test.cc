#include "contract/agent_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace parallax::contract {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kToken(64, 'a');

std::string Words(const absl::Status& status) { return std::string(status.message()); }

class TokenFileTest : public ::testing::Test {
 protected:
  void Write(const std::string& text, mode_t mode = 0600) {
    unlink(path_.c_str());
    std::ofstream(path_) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }
  ~TokenFileTest() override { unlink(path_.c_str()); }
  const std::string path_ = ::testing::TempDir() + "/parallax_token_" + std::to_string(getpid());
};

TEST_F(TokenFileTest, OneLineOfAFileThatItsUserAloneCanRead) {
  Write(kToken + "\n");
  EXPECT_EQ(ReadTokenFile(path_).value_or(""), kToken);
  Write(kToken, 0400);
  EXPECT_EQ(TakeToken("file:" + path_).value_or(""), kToken);
}

TEST_F(TokenFileTest, AFileThatOthersCanGetAtIsRefused) {
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0610, 0601, 0644}) {
    Write(kToken, mode);
    EXPECT_EQ(ReadTokenFile(path_).status().code(), absl::StatusCode::kPermissionDenied) << mode;
    EXPECT_THAT(Words(ReadTokenFile(path_).status()), HasSubstr("chmod 600"));
  }
  if (geteuid() == 0) {
    Write(kToken);
    ASSERT_EQ(chown(path_.c_str(), 12345, 12345), 0);
    EXPECT_THAT(Words(ReadTokenFile(path_).status()), HasSubstr("belongs to uid 12345"));
  }
}

TEST_F(TokenFileTest, WhatIsNoFileNeverBlocks) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(Words(ReadTokenFile(path_).status()), HasSubstr("not a regular file"));
  EXPECT_THAT(Words(ReadTokenFile("/dev/zero").status()), HasSubstr("not a regular file"));
  EXPECT_THAT(Words(ReadTokenFile("/").status()), HasSubstr("not a regular file"));
  EXPECT_THAT(Words(ReadTokenFile("/nowhere/token").status()), HasSubstr("No such file"));
}

TEST_F(TokenFileTest, WhatIsNoTokenIsRefusedWithoutBeingShown) {
  for (const std::string& text :
       {std::string("hunter2"), std::string(31, 'h'), std::string(513, 'h'), std::string(1 << 20, 'h'),
        "hunter2 " + kToken, "hunter2\n" + kToken, "hunter2\x80" + kToken, std::string()}) {
    Write(text);
    EXPECT_THAT(Words(ReadTokenFile(path_).status()),
                AllOf(HasSubstr("openssl rand"), HasSubstr(path_), Not(HasSubstr("hunter2")), Not(HasSubstr("hhh"))));
  }
}

TEST(TakeToken, AVariableIsGoneAfterwardsFromTheProcessAsWell) {
  // execve(2) put the variables of the start where /proc shows them; this is one of those.
  ASSERT_NE(getenv("PARALLAX_TOKEN_FOR_TEST"), nullptr) << "the test starts itself again with it";
  const std::string token = getenv("PARALLAX_TOKEN_FOR_TEST");
  EXPECT_EQ(TakeToken("env:PARALLAX_TOKEN_FOR_TEST").value_or(""), token);
  EXPECT_EQ(getenv("PARALLAX_TOKEN_FOR_TEST"), nullptr);
  std::ifstream environment("/proc/self/environ", std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(environment)), std::istreambuf_iterator<char>());
  EXPECT_THAT(all, HasSubstr("PARALLAX_TOKEN_FOR_TEST=")) << "so the memory is that which was wiped";
  EXPECT_THAT(all, Not(HasSubstr(token)));
  EXPECT_THAT(Words(TakeToken("env:PARALLAX_TOKEN_FOR_TEST").status()), HasSubstr("not set"));
}

TEST(TakeToken, WhatIsNoReferenceIsNotShown) {
  for (const char* ref : {"hunter2", "", "env:", "file:", "exec:hunter2"}) {
    EXPECT_THAT(Words(TakeToken(ref).status()), AllOf(HasSubstr("env:NAME"), Not(HasSubstr("hunter2")))) << ref;
  }
}

TEST(SameToken, OnlyTheWholeOfIt) {
  EXPECT_TRUE(SameToken(kToken, kToken));
  for (const std::string& other : {std::string(), kToken + "a", kToken.substr(1), std::string(63, 'a') + "b",
                                   "b" + std::string(63, 'a'), kToken + std::string(1, '\0')}) {
    EXPECT_FALSE(SameToken(kToken, other));
  }
}

}  // namespace
}  // namespace parallax::contract

// Of its own, because one test needs a variable that was there at the start.
int main(int argc, char** argv) {
  if (getenv("PARALLAX_TOKEN_FOR_TEST") == nullptr) {
    setenv("PARALLAX_TOKEN_FOR_TEST", std::string(40, 't').c_str(), 1);
    execv("/proc/self/exe", argv);
    return 127;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
