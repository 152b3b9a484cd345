// The programs, started without a stdin, stdout or stderr: what they open must not take the place of one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/e2e/cli_fixture.h"

namespace parallax::e2e {
namespace {

using ::testing::HasSubstr;

class StreamsTest : public CliTest {
 protected:
  // `closed`: as a shell has it, "<&-".
  ChildResult Without(const std::string& closed, std::vector<std::string> words) const {
    words.insert(words.begin(), {"/bin/sh", "-c", "exec \"$0\" \"$@\" " + closed});
    return RunChild(words, options_);
  }
};

TEST_F(StreamsTest, APauseWithoutAStdinEndsAtOnce) {
  const std::string file = home_ + "/experiment.yaml";
  WriteFile(file,
            "targets: tcp://127.0.0.1:1\nsides: {inside: local, outside: local}\nrounds: 1\nrepeats: 1\n"
            "change:\n  - {pause: press enter, timeout: 5m}\n");
  const ChildResult result = Without("<&-", Words({"run", "--no-store", file}));
  EXPECT_THAT(result.out + result.err, HasSubstr("standard input has ended"));
}

TEST_F(StreamsTest, AComparisonWithNoneOfThemIsTheSame) {
  const ChildResult result = Without("<&- >&- 2>&-", Words(Compare({"--no-store", "--output", home_ + "/report"})));
  EXPECT_EQ(result.exit, 1) << "a port where nobody listens is a fault";
  EXPECT_THAT(ReadFile(home_ + "/report"), HasSubstr("target.down"));
}

TEST_F(StreamsTest, TheAgentSaysThatASessionNeedsThem) {
  EXPECT_EQ(Without("<&-", {PARALLAX_AGENT, "stdio"}).exit, 2);
  EXPECT_EQ(Without("</dev/null >&-", {PARALLAX_AGENT, "stdio"}).exit, 2);
  const ChildResult check = Without("<&- >&-", {PARALLAX_AGENT, "check", "127.0.0.1:1"});
  EXPECT_EQ(check.exit, 1);
  EXPECT_THAT(check.err, HasSubstr("no agent serves"));
}

}  // namespace
}  // namespace parallax::e2e
