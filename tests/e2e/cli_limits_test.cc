// A host that has too little of something. Not built with a sanitizer: its runtime takes memory, threads and
// descriptors of its own, and gives up in its own words where it gets none.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "tests/e2e/cli_fixture.h"

namespace parallax::e2e {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LimitsTest : public CliTest {
 protected:
  // Words of a library's about itself are no words for people.
  static void ExpectPlainWords(const std::string& err) {
    for (const char* internal : {"CHECK", "ssertion", "Check failed", "what():", "terminate called", "grpc/"}) {
      EXPECT_THAT(err, Not(HasSubstr(internal)));
    }
  }
};

TEST_F(LimitsTest, WithLittleMemoryBothProgramsEndInWords) {
  for (const int64_t megabytes : {64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536}) {
    SCOPED_TRACE(megabytes);
    options_.limits = {{RLIMIT_AS, megabytes << 20}};
    const ChildResult result = RunChild(Words(Compare()), options_);
    // Too little for the loader of shared libraries is not ours to put in words: it says so and gives 127.
    EXPECT_LT(result.exit, 128) << result.err;
    if (result.exit == 2) {
      EXPECT_THAT(result.err, HasSubstr("memory"));
    }
    EXPECT_THAT(result.err, Not(HasSubstr("CHECK")));
    EXPECT_THAT(result.err, Not(HasSubstr("terminate called")));
  }
}

TEST_F(LimitsTest, WithFewDescriptorsBothProgramsSaySo) {
  for (const int64_t most : {5, 8, 12, 16, 24, 32, 40, 64, 96}) {
    SCOPED_TRACE(most);
    options_.limits = {{RLIMIT_NOFILE, most}};
    const ChildResult compared = Run(Compare());
    // Where we were started with descriptors open, the loader of shared libraries may get none: it says so and gives
    // 127.
    if (compared.exit == 127) continue;
    ExpectPlainWords(compared.err);
    if (compared.exit == 2) {
      EXPECT_THAT(compared.err, AnyOf(HasSubstr("descriptors"), HasSubstr("open files")));
    }
    if (most <= 40) {
      EXPECT_EQ(compared.exit, 2) << compared.err;
    }
    if (most > 40) continue;
    for (const char* how : {"serve", "check"}) {
      const ChildResult agent = RunChild({PARALLAX_AGENT, how}, options_);
      if (agent.exit == 127) continue;
      EXPECT_EQ(agent.exit, 1) << how << ": " << agent.err;
      ExpectPlainWords(agent.err);
      EXPECT_THAT(agent.err, AnyOf(HasSubstr("descriptors"), HasSubstr("open files"))) << how;
    }
  }
}

TEST_F(LimitsTest, WithFewThreadsBothProgramsSaySo) {
  if (geteuid() == 0) {
    options_.user = 1'904'117'311;  // nobody else's
    std::filesystem::permissions(home_, std::filesystem::perms::all);
  }
  for (const int64_t most : {1, 2, 4, 8, 12}) {
    SCOPED_TRACE(most);
    options_.limits = {{RLIMIT_NPROC, most}};
    const ChildResult compared = Run(Compare());
    EXPECT_EQ(compared.exit, 2) << compared.err;
    ExpectPlainWords(compared.err);
    EXPECT_THAT(compared.err, HasSubstr("threads"));
    const ChildResult agent = RunChild({PARALLAX_AGENT, "serve"}, options_);
    EXPECT_EQ(agent.exit, 1) << agent.err;
    ExpectPlainWords(agent.err);
    EXPECT_THAT(agent.err, HasSubstr("threads"));
  }
  for (const int64_t most : {16, 20, 24, 28, 32, 48}) {
    SCOPED_TRACE(most);
    options_.limits = {{RLIMIT_NPROC, most}};
    const ChildResult compared = Run(Compare());  // whatever comes of it, it ends by itself
    ExpectPlainWords(compared.err);
  }
}

}  // namespace
}  // namespace parallax::e2e
